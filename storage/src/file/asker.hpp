#pragma once

#include <infra/base/clock.hpp>
#include <infra/storage/error.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace infra::storage::disk {

/// Who asks for a change, as the thread sees him that makes it: until when, and whether he still waits. Work on a pool goes on when
/// its caller has been cancelled or has run out of time; what he gave up must not come to pass after what he did next.
///
/// Threads: a value.
struct asker {
    asker(deadline until) : limit(until) {} // waits as long as it takes
    asker(deadline until, std::shared_ptr<const std::atomic<bool>> gone) : limit(until), left(std::move(gone)) {}

    void check_not_left(const std::string& what) const {
        if (left && *left)
            throw storage_error(infra::errc::cancelled, what + ": nobody waits for it any more");
    }

    deadline limit;
    std::shared_ptr<const std::atomic<bool>> left{};
};

} // namespace infra::storage::disk
