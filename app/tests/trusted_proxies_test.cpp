#include <infra/app.hpp>

#include "tests/test_folder.hpp"

#include <infra/http_client.hpp>

#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

namespace infra::app {
namespace {

struct TrustedProxies : testing::Test {
    environment with(environment::variables more) const {
        more.emplace("QUEUE_URL", "sqlite:" + (folder / "queue.db").string());
        more.emplace("STORAGE_URL", "file:" + (folder / "storage").string());
        more.emplace("EMAIL_URL", "outbox:" + (folder / "outbox").string());
        return environment(std::move(more));
    }

    /// Whom a service with these variables takes the sender of these fields for, who comes from `host`.
    std::string seen(environment::variables variables, http::headers fields, std::string host = "127.0.0.1") const;

    test_folder folder;
};

awaitable<std::string> ask(std::string url, http::headers fields) {
    const http::client client(co_await asio::this_coro::executor);
    const auto answer = co_await client.send({.url = std::move(url), .headers = std::move(fields)});
    co_return answer.body;
}

std::string TrustedProxies::seen(environment::variables variables, http::headers fields, std::string host) const {
    auto app = from_environment({.host = host, .port = 0, .environment = with(std::move(variables))});
    app.http().get("/who", [](const http::request& req) {
        return http::response::text(std::string(req.remote_address()) + " " + std::string(req.scheme()));
    });
    std::string answer;
    std::thread visitor;
    app.on_started([&](const started& service) {
        visitor = std::thread([&, url = service.url] {
            answer = wait(ask(url + "/who", fields));
            app.stop();
        });
    });
    EXPECT_EQ(app.run(), 0);
    visitor.join();
    return answer;
}

const http::headers forwards{{"X-Forwarded-For", "198.51.100.1, 203.0.113.9, 10.1.2.3"},
                             {"X-Forwarded-Proto", "https"}};

TEST_F(TrustedProxies, AreNobodyUnlessNamed) { EXPECT_EQ(seen({}, forwards), "127.0.0.1 http"); }

TEST_F(TrustedProxies, AreBelievedAndNobodyElseIs) {
    EXPECT_EQ(seen({{"TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"}}, forwards), "203.0.113.9 https")
        << "two of ours, and not his claim";
    EXPECT_EQ(seen({{"TRUSTED_PROXIES", "10.0.0.0/8"}}, forwards), "127.0.0.1 http") << "the peer is none of them";
    EXPECT_EQ(seen({{"TRUSTED_PROXIES", "::1"}}, {{"X-Forwarded-For", "2001:db8::7"}}, "::1"), "2001:db8::7 http");
}

TEST_F(TrustedProxies, WriteTheFieldsThatTheyAreSaidTo) {
    const environment::variables standard{{"TRUSTED_PROXIES", "127.0.0.1"}, {"TRUSTED_PROXY_HEADER", "forwarded"}};
    EXPECT_EQ(seen(standard, forwards), "127.0.0.1 http") << "the client may have written them";
    EXPECT_EQ(seen(standard, {{"Forwarded", "for=\"[2001:db8::7]:80\";proto=https"}}), "2001:db8::7 https");
    EXPECT_EQ(seen({{"TRUSTED_PROXIES", "127.0.0.1"}}, {{"Forwarded", "for=203.0.113.9"}}), "127.0.0.1 http");
}

TEST_F(TrustedProxies, AreAMistakeOfTheConfigurationWhereTheyAreNone) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(application({.environment = with({{"TRUSTED_PROXIES", "10.0.0.0/8, proxy.example"}})}).run(), 1);
    EXPECT_NE(testing::internal::GetCapturedStderr().find("\n  - TRUSTED_PROXIES: expected addresses and networks"),
              std::string::npos);
}

} // namespace
} // namespace infra::app
