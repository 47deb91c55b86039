#include "src/supervisor.hpp"
#include "tests/test_folder.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/descriptor.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace infra::app {
namespace {

using namespace std::chrono_literals;

/// What systemd has: a datagram socket, in a folder or without one.
class listener {
public:
    explicit listener(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::memcpy(at.sun_path, name.data(), name.size());
        if (name[0] == '@')
            at.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), size), 0) << std::strerror(errno);
    }

    bool has_heard(std::chrono::milliseconds within = 0ms) const {
        pollfd asked{.fd = socket_.get(), .events = POLLIN, .revents = 0};
        return ::poll(&asked, 1, static_cast<int>(within.count())) == 1;
    }

    std::string hear() const {
        std::string text(1000, '\0');
        const auto size = has_heard(30s) ? ::recv(socket_.get(), text.data(), text.size(), 0) : 0;
        return text.substr(0, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }

private:
    descriptor socket_;
};

struct Supervisor : testing::Test {
    test_folder folder;
};

TEST_F(Supervisor, HearsOneDatagramAMessage) {
    for (const auto& name : {(folder / "notify").string(), "@infra-test-" + folder.path().filename().string()}) {
        const listener systemd(name);
        const supervisor told(environment({{"NOTIFY_SOCKET", name}}));
        told.tell("READY=1\nSTATUS=serving");
        told.tell("STOPPING=1");
        EXPECT_EQ(systemd.hear(), "READY=1\nSTATUS=serving");
        EXPECT_EQ(systemd.hear(), "STOPPING=1");
    }
}

TEST_F(Supervisor, NeedNotBeThere) {
    supervisor().tell("READY=1");
    supervisor(environment({{"NOTIFY_SOCKET", (folder / "nobody").string()}})).tell("READY=1");
    for (const auto& bad : {std::string("relative"), "/" + std::string(200, 'x')})
        EXPECT_THROW(supervisor(environment({{"NOTIFY_SOCKET", bad}})), error);
}

TEST_F(Supervisor, WantsSignsOfLifeTwiceInItsTime) {
    const auto pid = std::to_string(::getpid());
    const std::pair<environment::variables, std::chrono::microseconds> cases[] = {
        {{}, 0us},
        {{{"WATCHDOG_USEC", "30000000"}}, 15s},
        {{{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", pid}}, 15s},
        {{{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "1"}}, 0us}, // it is meant for the parent
    };
    for (const auto& [variables, every] : cases)
        EXPECT_EQ(supervisor(environment(variables)).sign_of_life_every(), every);
}

/// Runs give_signs_of_life() on a thread until it is destroyed.
class signs {
public:
    explicit signs(const supervisor& of) {
        asio::co_spawn(loop_, of.give_signs_of_life(), [](std::exception_ptr) {});
        thread_ = std::thread([this] { loop_.run(); });
    }
    ~signs() {
        loop_.stop();
        thread_.join();
    }

private:
    asio::io_context loop_;
    std::thread thread_;
};

TEST_F(Supervisor, IsGivenSignsOfLifeWhileAllLoopsAnswer) {
    const auto name = (folder / "notify").string();
    const listener systemd(name);
    const supervisor told(environment({{"NOTIFY_SOCKET", name}, {"WATCHDOG_USEC", "20000"}}));
    default_loops();
    const signs given(told);
    EXPECT_EQ(systemd.hear(), "WATCHDOG=1");
    EXPECT_EQ(systemd.hear(), "WATCHDOG=1");

    std::mutex mutex;
    std::unique_lock blocked(mutex);
    asio::post(default_loops()[0].get_executor(), [&mutex] { const std::scoped_lock waits(mutex); });
    // What was under way when the loop began to hang may still come; of later ones none does, and that is all that can be waited for.
    while (systemd.has_heard(100ms))
        EXPECT_EQ(systemd.hear(), "WATCHDOG=1");
    blocked.unlock();
    EXPECT_EQ(systemd.hear(), "WATCHDOG=1");
}

} // namespace
} // namespace infra::app
