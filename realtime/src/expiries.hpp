#pragma once

#include <infra/base/time.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

namespace infra::realtime::detail {

/// Whose time can be up: a token's, or that to prove who one is.
class expiring {
public:
    virtual ~expiring() = default;
    /// On the thread of whoever sweeps, under no lock.
    virtual void time_is_up() noexcept = 0;
};

/// One list for all who have an end, instead of a timer for each. It is looked at once a second.
///
/// Threads: any.
class expiries {
public:
    void add(steady_time when, const std::shared_ptr<expiring>& who);
    void remove(steady_time when, const expiring& who) noexcept;
    void sweep(steady_time now);
    std::size_t size() const;

private:
    struct entry {
        const expiring* id = nullptr;
        std::weak_ptr<expiring> who{};
    };
    mutable std::mutex mutex_;
    std::multimap<steady_time, entry> all_; // guarded by mutex_
};

} // namespace infra::realtime::detail
