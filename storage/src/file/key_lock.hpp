#pragma once

#include "asker.hpp"
#include "layout.hpp"

#include <infra/base/clock.hpp>

#include <string>

namespace infra::storage::disk {

/// Takes an flock(2); false where somebody else holds it all the time.
bool lock_until(int file, deadline limit, const clock& time);

/// Held by whoever changes what is under a key, between processes and threads: so that a condition and what it guards are one step.
/// Others whose keys share it wait as well, for as long as a rename takes.
///
/// Errors:   storage_error: infra::errc::timed_out where somebody holds it too long, infra::errc::cancelled where he who asked has left. Since
///           that is found out under the lock, what he asks for next comes after what was done for him before.
/// Lifetime: released at its end, also at that of the process.
class key_lock {
public:
    key_lock(const layout& in, const place& of, const std::string& what, const asker& by, const clock& time);

private:
    descriptor file_;
};

} // namespace infra::storage::disk
