#pragma once

// What a channel is called in Redis: nodes.md.

#include <optional>
#include <string>
#include <string_view>

namespace infra::realtime::over_redis {

/// All names of one channel are in one slot of a cluster: what stands in the first braces decides, and two channels have no
/// name in common.
class names {
public:
    explicit names(std::string prefix) : prefix_(std::move(prefix)) {}

    std::string channel(std::string_view name) const; ///< of pub/sub: `rt:{room:1}`
    std::string stream(std::string_view name) const { return channel(name) + ":s"; }
    std::string place(std::string_view name) const { return channel(name) + ":m"; }
    std::string once(std::string_view name, std::string_view key) const {
        return channel(name) + ":i:" + std::string(key);
    }
    /// Those of presence begin so.
    std::string present(std::string_view name) const { return channel(name) + ":p"; }
    std::string control() const { return prefix_ + ":control"; }
    std::string disconnections() const { return control() + ":s"; }

    /// The channel whose name in pub/sub this is.
    std::optional<std::string> name_of(std::string_view channel) const;

private:
    std::string prefix_;
};

} // namespace infra::realtime::over_redis
