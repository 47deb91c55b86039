#include <infra/app.hpp>

#include "src/wiring.hpp"
#include "tests/test_folder.hpp"

#include <infra/http_client.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

// The whole service, from outside and with everything that can go wrong around it, is tested by
// examples/starter/tests/starter_test.py.

namespace infra::app {
namespace {

struct Application : ::testing::Test {
    environment with(environment::variables more = {}) const {
        more.emplace("QUEUE_URL", "sqlite:" + (folder / "queue.db").string());
        more.emplace("STORAGE_URL", "file:" + (folder / "storage").string());
        more.emplace("EMAIL_URL", "outbox:" + (folder / "outbox").string());
        return environment(std::move(more));
    }

    test_folder folder;
};

awaitable<http::client_response> get(std::string url) {
    const http::client client(co_await asio::this_coro::executor);
    co_return co_await client.send({.url = std::move(url)});
}

TEST_F(Application, NamesABadOption) {
    EXPECT_THROW(application({.name = ""}), std::invalid_argument);
    EXPECT_THROW(application({.drain_timeout = std::chrono::milliseconds(-1)}), std::invalid_argument);
}

TEST_F(Application, TellsEveryMistakeOfTheEnvironmentAtOnce) {
    ::testing::internal::CaptureStderr();
    auto app = from_environment(
        {.name = "shop",
         .environment = environment(
             {{"PORT", "abc"}, {"QUEUE_URL", "ftp://x"}, {"EMAIL_URL", "pigeon:x"}, {"STORAGE_URL", "ftp://y"}})});
    EXPECT_EQ(app.run(), 1);
    const auto said = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("shop cannot start"), std::string::npos) << said;
    for (const char* variable : {"PORT", "QUEUE_URL", "EMAIL_URL", "STORAGE_URL"})
        EXPECT_NE(said.find(std::string("\n  - ") + variable), std::string::npos) << said;
}

TEST_F(Application, TellsAMistakeOnceThatTwoModulesRead) {
    ::testing::internal::CaptureStderr();
    auto app = from_environment({.name = "shop", .environment = with({{"PORT", "abc"}})});
    EXPECT_EQ(app.run(), 1);
    const auto said = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(said.find("PORT"), said.rfind("PORT")) << said;
}

TEST_F(Application, ServesUntilItIsStopped) {
    auto app = from_environment({.name = "shop", .port = 0, .environment = with()});
    app.http().get("/hello", [] { return http::response::text("hello"); });
    std::thread visitor;
    http::client_response hello, ready;
    app.on_started([&](const started& service) {
        visitor = std::thread([&app, &hello, &ready, url = service.url] {
            hello = wait(get(url + "/hello"));
            ready = wait(get(url + "/ready"));
            app.stop();
        });
    });
    EXPECT_EQ(app.run(), 0);
    visitor.join();
    EXPECT_EQ(hello.body, "hello");
    EXPECT_EQ(ready.status, 200);
}

TEST_F(Application, KeepsItsJobsAndValuesOnTheRedisThatItIsGiven) {
    using infra::testing::redis_server;
    if (!redis_server::installed())
        GTEST_SKIP() << redis_server::how_to_install;
    const redis_server server;
    auto app =
        from_environment({.name = "shop",
                          .port = 0,
                          .environment = environment({{"REDIS_URL", server.url()},
                                                      {"STORAGE_URL", "file:" + (folder / "storage").string()},
                                                      {"EMAIL_URL", "outbox:" + (folder / "outbox").string()}})});
    std::map<std::string, std::string> chosen;
    std::thread visitor;
    http::client_response ready;
    app.on_started([&](const started& service) {
        for (const auto& [module, backend] : service.backends)
            chosen[module] = backend;
        visitor = std::thread([&app, &ready, url = service.url] {
            ready = wait(get(url + "/ready"));
            app.stop();
        });
    });
    EXPECT_EQ(app.run(), 0);
    visitor.join();
    EXPECT_EQ(chosen["queue"], server.url());
    EXPECT_EQ(chosen["cache"], server.url() + "/0");
    EXPECT_EQ(ready.status, 200);
}

// Stopped while a request is still open: were HTTP stopped first, it would wait for it.
TEST_F(Application, OpensPartsThatWereAddedLastAndStopsThemBeforeHttp) {
    auto app = from_environment({.name = "shop", .port = 0, .environment = with()});
    std::vector<std::string> told;
    asio::steady_timer* open_request = nullptr;
    std::atomic<bool> entered{false};
    app.http().get("/wait", [&](http::request) -> awaitable<http::response> {
        asio::steady_timer end(co_await asio::this_coro::executor, steady_time::max());
        open_request = &end;
        entered = true;
        boost::system::error_code ec;
        co_await end.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        co_return http::response::text("done");
    });
    app.add_part({.name = "first",
                  .open = [&]() -> awaitable<void> {
                      told.emplace_back("open first");
                      co_return;
                  },
                  .stop = [&](deadline) -> awaitable<void> {
                      told.emplace_back("stop first");
                      asio::post(open_request->get_executor(), [&] { open_request->cancel(); });
                      co_return;
                  }});
    app.add_part({.name = "second", .stop = [&](deadline) -> awaitable<void> {
                      told.emplace_back("stop second");
                      co_return;
                  }});
    std::thread visitor;
    http::client_response waited;
    app.on_started([&](const started&) { told.emplace_back("started"); });
    app.on_started([&](const started& service) {
        visitor = std::thread([&, url = service.url] { waited = wait(get(url + "/wait")); });
        while (!entered)
            std::this_thread::yield();
        app.stop();
    });
    EXPECT_EQ(app.run(), 0);
    visitor.join();
    EXPECT_EQ(waited.body, "done");
    EXPECT_EQ(told, (std::vector<std::string>{"open first", "started", "stop second", "stop first"}));
}

TEST_F(Application, StoppedBeforeItRunsEndsAtOnce) {
    auto app = from_environment({.name = "shop", .port = 0, .environment = with()});
    app.stop();
    EXPECT_EQ(app.run(), 0);
}

TEST_F(Application, FailureInOnStartedIsAnOrderlyEndWithOne) {
    auto app = from_environment({.name = "shop", .port = 0, .environment = with()});
    app.on_started([](const started&) { throw std::runtime_error("the banner is missing"); });
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(app.run(), 1);
    EXPECT_NE(::testing::internal::GetCapturedStderr().find("shop: the banner is missing"), std::string::npos);
}

// In a process of its own: the signal is meant for the process, and so is the exit code.
struct ApplicationProcess : Application {
    ApplicationProcess() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void terminate_once_that_is_handled() {
    struct sigaction now{};
    do
        ::sigaction(SIGTERM, nullptr, &now);
    while (now.sa_handler == SIG_DFL);
    ::kill(::getpid(), SIGTERM);
}

TEST_F(ApplicationProcess, SignalThatComesWhileItStartsIsTheFirst) {
    const auto terminated_at_once = [this] {
        auto app = from_environment({.name = "shop", .port = 0, .environment = with()});
        std::thread supervisor(terminate_once_that_is_handled);
        const int code = app.run();
        supervisor.join();
        std::exit(code);
    };
    EXPECT_EXIT(terminated_at_once(), ::testing::ExitedWithCode(0), "");
}

awaitable<void> never_end(std::atomic<bool>& entered) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    entered = true;
    while (true) {
        timer.expires_at(steady_time::max());
        try {
            co_await timer.async_wait(asio::use_awaitable);
        } catch (const boost::system::system_error&) { // not heeded
        }
        co_await asio::this_coro::reset_cancellation_state();
    }
}

awaitable<void> block_the_loop(std::atomic<bool>& entered) {
    entered = true;
    std::this_thread::sleep_for(std::chrono::hours(24));
    co_return;
}

awaitable<void> block_a_thread_of_the_pool(std::atomic<bool>& entered) {
    co_await default_blocking_pool().run([&entered] {
        entered = true;
        std::this_thread::sleep_for(std::chrono::hours(24));
    });
}

// Runs a service that is stopped once its job is under way, and exits as it does.
[[noreturn]] void stop_during(environment env, awaitable<void> (*job)(std::atomic<bool>& entered)) {
    auto app = from_environment(
        {.name = "shop", .port = 0, .drain_timeout = std::chrono::milliseconds(10), .environment = std::move(env)});
    std::atomic<bool> entered{false};
    queue::define_job({.name = "job", .handler = [&entered, job](json::value) { return job(entered); }});
    std::thread visitor;
    app.on_started([&](const started&) {
        visitor = std::thread([&] {
            asio::co_spawn(default_executor(), queue::enqueue("job", json::object{}), asio::detached);
            while (!entered)
                std::this_thread::yield();
            app.stop();
        });
    });
    std::exit(app.run());
}

// The worker gives the job back and lets go of its handler.
TEST_F(ApplicationProcess, JobThatIgnoresItsCancellationDoesNotHoldTheEndUp) {
    EXPECT_EXIT(stop_during(with(), never_end), ::testing::ExitedWithCode(0), "");
}

// Nobody can cancel it, join its thread or destroy what it uses.
TEST_F(ApplicationProcess, HandlerThatBlocksItsLoopEndsTheProcessWithOne) {
    EXPECT_EXIT(stop_during(with(), block_the_loop), ::testing::ExitedWithCode(1), "the drain ran out of time");
}

// Its job is given back, but its thread would have to be joined when main() has returned.
TEST_F(ApplicationProcess, FunctionThatBlocksAThreadOfThePoolEndsTheProcessWithOne) {
    EXPECT_EXIT(stop_during(with(), block_a_thread_of_the_pool), ::testing::ExitedWithCode(1),
                "the drain ran out of time");
}

} // namespace
} // namespace infra::app
