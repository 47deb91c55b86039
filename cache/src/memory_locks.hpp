#pragma once

// Locks of the memory store. They are not among the values, because a lock that is evicted is no lock.

#include <infra/cache/store.hpp>

#include <map>
#include <mutex>

namespace infra::cache {

/// Threads: any member from any thread.
class memory_locks {
public:
    memory_locks(std::uint64_t first_fence, std::size_t max_bytes, clock& time)
        : time_(time), max_bytes_(max_bytes), last_fence_(first_fence) {}

    /// Throws infra::errc::overloaded where more are held than have room.
    std::optional<std::uint64_t> acquire(const lock_request& r);
    bool extend(const lock_request& r);
    bool release(const lock_request& r);

    std::size_t bytes() const;

private:
    struct held {
        std::string token{};
        std::uint64_t fence = 0;
        std::multimap<steady_time, std::string>::iterator end{};
    };
    using places = std::map<std::string, held, std::less<>>;

    static std::size_t cost_of(const lock_request& r) noexcept { return 2 * r.key.size() + r.token.size() + 256; }

    const held& take(const lock_request& r);
    bool is_mine(places::iterator found, const lock_request& r) const;
    void set_end(places::iterator place, std::chrono::milliseconds ttl);
    void drop(places::iterator place);
    void forget_over();

    clock& time_;
    const std::size_t max_bytes_;
    mutable std::mutex mutex_;
    // All guarded by mutex_.
    places locks_;
    std::multimap<steady_time, std::string> ends_;
    std::size_t bytes_ = 0;
    std::uint64_t last_fence_;
};

} // namespace infra::cache
