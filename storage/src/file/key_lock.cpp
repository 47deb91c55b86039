#include "key_lock.hpp"

#include "errors.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>

namespace infra::storage::disk {
using namespace std::chrono_literals;

// Asked again and again, since flock(2) has no deadline, and who holds the lock may have been stopped.
bool lock_until(int file, deadline limit, const clock& time) {
    std::chrono::nanoseconds pause = 20us;
    while (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return true; // a file system without locks
        const auto left = limit.remaining(time.steady());
        if (left == 0ns)
            return false;
        std::this_thread::sleep_for(std::min(pause, left));
        pause = std::min<std::chrono::nanoseconds>(pause * 2, 5ms);
    }
    return true;
}

key_lock::key_lock(const layout& in, const place& of, const std::string& what, const asker& by, const clock& time)
    : file_(in.files.open(lock_path(of), O_RDONLY | O_CREAT | O_NONBLOCK, 0600)) {
    if (!file_)
        fail(errno, what, lock_path(of));
    const bool mine = lock_until(file_.get(), by.limit, time);
    by.check_not_left(what);
    if (!mine)
        throw storage_error(infra::errc::timed_out, what + ": somebody holds the lock " + lock_path(of) +
                                                        " all the time; look for a process that was stopped");
}

} // namespace infra::storage::disk
