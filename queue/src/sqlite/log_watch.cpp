#include "log_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

namespace infra::queue::sqlite {
namespace {

struct ::timespec left_until(steady_time until) {
    using std::chrono::nanoseconds;
    const auto left = std::max(until - std::chrono::steady_clock::now(), nanoseconds::zero());
    const auto whole = std::chrono::floor<std::chrono::seconds>(left);
    struct ::timespec time{};
    time.tv_sec = whole.count();
    time.tv_nsec = nanoseconds(left - whole).count();
    return time;
}

} // namespace

void log_watch::follow(const std::filesystem::path& log) noexcept {
    stop();
    if (!bell_)
        bell_ = descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!bell_)
        return;
    events_ = descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (events_ && ::inotify_add_watch(events_.get(), log.c_str(), IN_MODIFY) < 0)
        stop();
}

// Equal events that follow each other are one: what has been written since the last time is seldom more.
bool log_watch::was_written() noexcept {
    alignas(struct ::inotify_event) char told[4096];
    return ::read(events_.get(), told, sizeof told) > 0;
}

void log_watch::sleep_until(steady_time until, listening to) noexcept {
    struct ::pollfd asked[] = {{bell_.get(), POLLIN, 0}, {events_.get(), POLLIN, 0}};
    const auto left = left_until(until);
    ::ppoll(asked, to == listening::to_wake ? 1 : 2, &left, nullptr);
    std::uint64_t rung = 0;
    if ((asked[0].revents & POLLIN) != 0 && ::read(bell_.get(), &rung, sizeof rung) < 0)
        return; // then it will not ring again either
}

void log_watch::wake() noexcept {
    const std::uint64_t one = 1;
    if (::write(bell_.get(), &one, sizeof one) < 0)
        return; // it is rung already
}

} // namespace infra::queue::sqlite
