#include "supervisor.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/descriptor.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <cstring>
#include <limits>
#include <memory>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace infra::app {
namespace {

std::string address_from(const environment& variables) {
    auto name = variables.get_or("NOTIFY_SOCKET", "");
    if (name.empty())
        return {};
    if ((name.front() != '/' && name.front() != '@') || name.size() >= sizeof(sockaddr_un::sun_path))
        throw error(errc::misconfigured,
                    "NOTIFY_SOCKET: expected the path of a socket, or @ and the name of an abstract one");
    if (name.front() == '@')
        name.front() = '\0';
    return name;
}

// WATCHDOG_PID tells whom it is meant for: not the children of who got it.
std::chrono::microseconds period_from(const environment& variables) {
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    const auto watched = variables.integer("WATCHDOG_PID", ::getpid(), 1, most);
    const std::chrono::microseconds limit(variables.integer("WATCHDOG_USEC", 0, 0, most));
    return watched == ::getpid() ? limit / 2 : std::chrono::microseconds(0);
}

using count = std::shared_ptr<std::atomic<std::size_t>>;

count ask_all_loops() {
    auto answered = std::make_shared<std::atomic<std::size_t>>(0);
    auto& loops = default_loops();
    for (std::size_t i = 0; i < loops.size(); ++i)
        asio::post(loops[i].get_executor(), [answered] { ++*answered; });
    return answered;
}

} // namespace

supervisor::supervisor(const environment& variables)
    : address_(address_from(variables)), every_(period_from(variables)) {}

void supervisor::tell(std::string_view what) const noexcept {
    if (address_.empty())
        return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    const descriptor from(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (from.get() >= 0)
        static_cast<void>(::sendto(from.get(), what.data(), what.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                   reinterpret_cast<const sockaddr*>(&to), size));
}

awaitable<void> supervisor::give_signs_of_life() const {
    if (every_ <= every_.zero() || address_.empty())
        co_return;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        const auto answered = ask_all_loops();
        timer.expires_after(every_);
        co_await timer.async_wait(asio::use_awaitable);
        if (*answered == default_loops().size())
            tell("WATCHDOG=1");
    }
}

} // namespace infra::app
