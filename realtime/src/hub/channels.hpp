#pragma once

#include "channel.hpp"
#include "registry.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::realtime::detail {

/// The channels that somebody hears, or that remember something.
///
/// Threads: any.
class channels {
public:
    channels(std::vector<channel_rule> rules, std::size_t max) : rules_(std::move(rules)), max_(max) {}

    std::shared_ptr<channel> find(std::string_view name) const;
    /// Throws infra::errc::overloaded where there are too many.
    std::shared_ptr<channel> find_or_make(std::string_view name, steady_time now, bool with_epoch);
    const channel_options& options_of(std::string_view name) const noexcept { return options_for(rules_, name); }

    std::vector<std::shared_ptr<channel>> all() const; ///< in the order they came
    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

    /// Forgets it if it has nothing to remember, and nobody to hear it.
    void expire(std::string_view name, steady_time now);
    /// The same with each of part `i`, of parts().
    void expire_part(std::size_t i, steady_time now);
    static constexpr std::size_t parts() noexcept { return 64; }

private:
    struct part {
        mutable std::mutex mutex;
        std::unordered_map<std::string, std::shared_ptr<channel>, text_hash, std::equal_to<>> channels; // guarded
    };
    const part& part_of(std::string_view name) const noexcept { return parts_[text_hash()(name) % parts()]; }

    const std::vector<channel_rule> rules_;
    const std::size_t max_;
    std::array<part, 64> parts_{};
    std::atomic<std::size_t> size_{0};
    std::atomic<std::uint64_t> numbers_{0};
};

} // namespace infra::realtime::detail
