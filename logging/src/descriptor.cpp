#include "descriptor.hpp"

#include "file_tail.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace infra::logging::detail {
namespace {

// A pipe whose reader went away is an error to report, not the end of the program, whichever thread writes.
class no_sigpipe {
public:
    no_sigpipe() noexcept {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~no_sigpipe() {
        const int kept = errno;
        constexpr timespec at_once{};
        if (!was_pending_)
            while (sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
            }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = kept;
    }
    no_sigpipe(const no_sigpipe&) = delete;
    no_sigpipe& operator=(const no_sigpipe&) = delete;

private:
    sigset_t pipe_, before_;
    bool was_pending_ = false;
};

} // namespace

descriptor::~descriptor() {
    if (owned_)
        ::close(number_);
}

bool descriptor::is_terminal() const noexcept { return ::isatty(number_) == 1; }

sink::outcome descriptor::write(std::string_view lines) noexcept {
    const no_sigpipe while_writing;
    sink::outcome result{.taken = 0, .failure = finish_torn_line()};
    while (!result.failure && result.taken < lines.size())
        result.taken += write_some(lines.substr(result.taken), result.failure);
    if (result.taken > 0 && result.taken < lines.size() && lines[result.taken - 1] != '\n')
        result.taken = without_torn_line(lines, result.taken);
    return result;
}

// A full disk may take half a line. Where it cannot be taken back (a pipe, a file that others write to) the other half
// waits here, so that no torn line stays.
boost::system::error_code descriptor::finish_torn_line() noexcept {
    boost::system::error_code failure;
    while (!failure && !torn_.empty())
        torn_.erase(0, write_some(torn_, failure));
    return failure;
}

void descriptor::replace(int number) noexcept {
    if (owned_)
        ::close(number_);
    number_ = number;
}

std::size_t descriptor::without_torn_line(std::string_view lines, std::size_t written) noexcept {
    const auto begin = lines.rfind('\n', written - 1) + 1; // 0 where there is none
    return take_back(number_, written - begin) ? begin : keep_torn_line(lines, written);
}

std::size_t descriptor::keep_torn_line(std::string_view lines, std::size_t written) noexcept {
    const auto end = lines.find('\n', written) + 1;
    try {
        torn_ = lines.substr(written, end - written);
    } catch (...) {
        torn_ = "\n"; // fits without allocating: the line stays torn, the next one is whole
    }
    return end;
}

std::size_t descriptor::write_some(std::string_view bytes, boost::system::error_code& failure) noexcept {
    while (true) {
        const auto n = ::write(number_, bytes.data(), bytes.size());
        if (n >= 0)
            return static_cast<std::size_t>(n);
        if (errno == EINTR)
            continue;
        if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait_for_room()) {
            failure = last_error();
            return 0;
        }
    }
}

// Somebody made the descriptor non-blocking: a terminal shared with a program that did, or a pipe of a supervisor.
bool descriptor::wait_for_room() const noexcept {
    constexpr int patience_ms = 5000;
    pollfd watched{.fd = number_, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&watched, 1, patience_ms);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 || (ready < 0 && errno == EINTR);
}

} // namespace infra::logging::detail
