#pragma once

// Locks of the memory store. They are not among the values, because a lock that is evicted is no lock.

#include <infra/cache/store.hpp>

#include <map>
#include <mutex>

namespace infra::cache {

/// Threads: any member from any thread.
class memory_locks {
public:
    memory_locks(std::uint64_t first_fence, clock& time) : time_(time), last_fence_(first_fence) {}

    std::optional<std::uint64_t> acquire(const lock_request& r);
    bool extend(const lock_request& r);
    bool release(const lock_request& r);

private:
    struct held {
        std::string token;
        steady_time until;
        std::uint64_t fence = 0;
    };
    held* find(const lock_request& r);
    void forget_over();

    clock& time_;
    std::mutex mutex_;
    std::map<std::string, held, std::less<>> locks_; // guarded by mutex_
    std::uint64_t last_fence_;                       // guarded by mutex_
};

} // namespace infra::cache
