#include <infra/app.hpp>

#include "tests/test_folder.hpp"

#include <infra/http_client.hpp>

#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

namespace infra::app {
namespace {

using namespace std::chrono_literals;

struct DrainDelay : testing::Test {
    DrainDelay() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

    environment with(environment::variables more = {}) const {
        more.emplace("QUEUE_URL", "sqlite:" + (folder / "queue.db").string());
        more.emplace("STORAGE_URL", "file:" + (folder / "storage").string());
        more.emplace("EMAIL_URL", "outbox:" + (folder / "outbox").string());
        return environment(std::move(more));
    }

    test_folder folder;
};

awaitable<int> status_of(std::string url) {
    const http::client client(co_await asio::this_coro::executor);
    co_return (co_await client.send({.url = std::move(url)})).status;
}

TEST_F(DrainDelay, IsCheckedByName) {
    EXPECT_THROW(application({.drain_delay = -1ms}), std::invalid_argument);
    testing::internal::CaptureStderr();
    EXPECT_EQ(application({.environment = with({{"DRAIN_DELAY", "a while"}})}).run(), 1);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("DRAIN_DELAY"), std::string::npos);
}

// The process ends by the second signal, once it has answered in between.
TEST_F(DrainDelay, LetsTheServiceAnswerThatItIsNotReadyBeforeTheListenerCloses) {
    const auto drain = [this] {
        auto app = application({.port = 0, .drain_timeout = 1h, .environment = with({{"DRAIN_DELAY", "1h"}})});
        app.http().get("/hello", [] { return http::response::text("hello"); });
        std::thread visitor;
        app.on_started([&](const started& service) {
            visitor = std::thread([url = service.url] {
                if (wait(status_of(url + "/ready")) != 200)
                    std::_Exit(2);
                ::kill(::getpid(), SIGTERM);
                while (wait(status_of(url + "/ready")) != 503)
                    std::this_thread::yield();
                if (wait(status_of(url + "/hello")) != 200 || wait(status_of(url + "/health")) != 200)
                    std::_Exit(3);
                ::kill(::getpid(), SIGTERM);
            });
        });
        std::exit(app.run());
    };
    EXPECT_EXIT(drain(), testing::ExitedWithCode(128 + SIGTERM), "");
}

TEST_F(DrainDelay, IsOverWhenTheDrainIs) {
    auto app = application({.port = 0, .drain_timeout = 10ms, .drain_delay = 24h, .environment = with()});
    app.on_started([&](const started&) { app.stop(); });
    EXPECT_EQ(app.run(), 0);
}

} // namespace
} // namespace infra::app
