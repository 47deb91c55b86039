#include <infra/app.hpp>

#include <infra/http_client.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

// The whole service, from outside and with everything that can go wrong around it, is tested by
// examples/starter/tests/starter_test.py.

namespace infra::app {
namespace {

struct Application : testing::Test {
    Application() {
        auto pattern = (std::filesystem::temp_directory_path() / "infra-app-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
    }
    ~Application() override { std::filesystem::remove_all(folder); }

    environment with(environment::variables more = {}) const {
        more.emplace("QUEUE_URL", "sqlite:" + (folder / "queue.db").string());
        more.emplace("EMAIL_URL", "outbox:" + (folder / "outbox").string());
        return environment(std::move(more));
    }

    std::filesystem::path folder;
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
    testing::internal::CaptureStderr();
    auto app = from_environment(
        {.name = "shop",
         .environment = environment({{"PORT", "abc"}, {"QUEUE_URL", "ftp://x"}, {"EMAIL_URL", "pigeon:x"}})});
    EXPECT_EQ(app.run(), 1);
    const auto said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("shop cannot start"), std::string::npos) << said;
    for (const char* variable : {"PORT", "QUEUE_URL", "EMAIL_URL"})
        EXPECT_NE(said.find(std::string("\n  - ") + variable), std::string::npos) << said;
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

TEST_F(Application, StoppedBeforeItRunsEndsAtOnce) {
    auto app = from_environment({.name = "shop", .port = 0, .environment = with()});
    app.stop();
    EXPECT_EQ(app.run(), 0);
}

} // namespace
} // namespace infra::app
