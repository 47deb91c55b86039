#pragma once

// The versions that are read with every value, as far as this process has seen them.

#include <infra/base/time.hpp>
#include <infra/cache/store.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache::redis_backend {

/// A version that no value was stored with.
inline constexpr auto unheard_of = std::numeric_limits<std::uint64_t>::max();

/// Threads: any member from any thread.
class slots {
public:
    std::shared_ptr<const version_slot> slot(const std::string& name);

    /// Whether somebody has a handle of it: it is a namespace's.
    bool knows(std::string_view name) const;

    /// Known without asking, until it is doubted.
    void know(std::string_view name, std::uint64_t version);
    void doubt(std::string_view name);
    void doubt_all();

    /// What the server said.
    void saw(std::span<const std::string> names, std::span<const std::uint64_t> versions);

    /// Made void, and the server does not know it yet: what was seen last holds no more. Reads are in doubt from now on.
    void forget(std::span<const std::string> names);

    /// The server did not answer: what was seen last; nothing for a tag. From now on reads are in doubt, until the server
    /// was asked again.
    std::vector<std::optional<std::uint64_t>> seen_last(std::span<const std::string> names);

    /// A key was made with a version that may be over: nobody should read from it.
    bool in_doubt() const noexcept { return in_doubt_; }

    /// The server lets this process begin none: until then nobody tries.
    void begin_none_before(steady_time t) noexcept { begin_none_before_ = t; }
    bool may_begin(steady_time now) const noexcept { return now >= begin_none_before_.load(); }

private:
    std::shared_ptr<version_slot> find(std::string_view name) const;
    void forget_unused();

    mutable std::mutex mutex_;
    std::map<std::string, std::weak_ptr<version_slot>, std::less<>> slots_; // guarded by mutex_
    std::size_t forget_at_ = 64;                                            // likewise
    std::atomic<bool> in_doubt_{false};
    std::atomic<steady_time> begin_none_before_{steady_time::min()};
};

} // namespace infra::cache::redis_backend
