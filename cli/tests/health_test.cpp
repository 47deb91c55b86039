#include "src/health.hpp"

#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>
#include <thread>

namespace infra::cli {
namespace {

namespace asio = boost::asio;

TEST(HealthUrl, GetsThePathItLacks) {
    EXPECT_EQ(health_url("http://h:1"), "http://h:1/health");
    EXPECT_EQ(health_url("http://h:1/"), "http://h:1/health");
    EXPECT_EQ(health_url("http://h:1/ready"), "http://h:1/ready");
}

TEST(HealthUrl, IsWhereTheEnvironmentSays) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "http://127.0.0.1:3000"},        {"0.0.0.0", "http://127.0.0.1:3000"}, {"::", "http://[::1]:3000"},
        {"fe80::1", "http://[fe80::1]:3000"}, {"db.local", "http://db.local:3000"},
    };
    for (const auto& [host, url] : cases)
        EXPECT_EQ(url_from(environment({{"HOST", host}})), url);
    EXPECT_EQ(url_from(environment({{"PORT", "8080"}})), "http://127.0.0.1:8080");
}

TEST(ReadHealth, PrintsNothingThatATerminalWouldObey) {
    const auto answer = read_health(
        503,
        R"({"status":"\u001b[2J","checks":{"a\u0007":{"status":"x\n","message":"\u001b]0;owned\u007f \u009b31mé"}}})");
    EXPECT_EQ(answer.text, "?[2J (HTTP 503)\n  a?  x?  ?]0;owned? ?31mé");
}

TEST(ReadHealth, ListsTheChecks) {
    const auto answer = read_health(
        503,
        R"({"status":"unhealthy","checks":{"db":{"status":"unhealthy","message":"no answer"},"memory":{"status":"healthy"}}})");
    EXPECT_EQ(answer.code, exit_code::unhealthy);
    EXPECT_EQ(answer.text, "unhealthy (HTTP 503)\n  db      unhealthy  no answer\n  memory  healthy");
    EXPECT_EQ(answer.document.at("status").as_string(), "unhealthy");
}

TEST(ReadHealth, DegradedIsWellEnough) {
    EXPECT_EQ(read_health(200, R"({"status":"degraded","checks":{}})").code, exit_code::ok);
}

TEST(ReadHealth, JudgesByTheStatusWhenTheBodyIsNoReport) {
    EXPECT_EQ(read_health(200, "OK").text, "healthy (HTTP 200)");
    EXPECT_EQ(read_health(503, "no", true).text, "\033[31munhealthy\033[0m (HTTP 503)") << "on a terminal";
    EXPECT_EQ(read_health(404, "<html>").code, exit_code::unhealthy);
    EXPECT_EQ(read_health(200, R"({"status":7,"checks":[1]})").code, exit_code::ok);
}

// Answers one request with `reply` on a free port of the loopback interface.
struct one_answer {
    explicit one_answer(std::string reply)
        : acceptor(io, {asio::ip::address_v4::loopback(), 0}), thread([this, reply = std::move(reply)] {
              auto socket = acceptor.accept();
              asio::read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n");
              asio::write(socket, asio::buffer(reply));
          }) {}
    ~one_answer() {
        if (thread.joinable())
            thread.join();
    }
    /// What was asked, once it has been answered.
    const std::string& asked() {
        thread.join();
        return request;
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()); }

    asio::io_context io;
    asio::ip::tcp::acceptor acceptor;
    std::string request;
    std::thread thread;
};

struct HealthVerb : testing::Test {
    HealthVerb() { add_health(f); }
    std::ostringstream out, err;
    frame f{out, err};
};

TEST_F(HealthVerb, ExitsAsTheServiceIs) {
    const one_answer well("HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{\"status\":\"healthy\"}");
    EXPECT_EQ(f.run({"health", "--url", well.url()}), 0);
    EXPECT_EQ(out.str(), "healthy (HTTP 200)\n");

    const one_answer ill("HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(f.run({"health", "--quiet", "--url", ill.url()}), 4);
    EXPECT_EQ(out.str(), "healthy (HTTP 200)\n") << "quiet";
}

TEST_F(HealthVerb, SendsTheTokenOfTheEnvironment) {
    ::setenv("HEALTH_TOKEN", "let-me-see", 1);
    one_answer well("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(f.run({"health", "--url", well.url()}), 0);
    ::unsetenv("HEALTH_TOKEN");
    EXPECT_NE(well.asked().find("authorization: Bearer let-me-see\r\n"), std::string::npos) << well.request;
}

TEST_F(HealthVerb, NoConnectionIsFive) {
    asio::io_context io;
    asio::ip::tcp::acceptor taken(io, {asio::ip::address_v4::loopback(), 0});
    const auto port = taken.local_endpoint().port();
    taken.close();
    EXPECT_EQ(f.run({"health", "--url", "http://127.0.0.1:" + std::to_string(port)}), 5);
    EXPECT_EQ(out.str(), "");
    EXPECT_NE(err.str(), "");

    err.str("");
    EXPECT_EQ(f.run({"health", "--quiet", "--json", "--url", "http://127.0.0.1:" + std::to_string(port)}), 5);
    EXPECT_EQ(out.str() + err.str(), "") << "quiet";
}

TEST_F(HealthVerb, BadTimeoutIsWrongUsage) { EXPECT_EQ(f.run({"health", "--timeout", "soon"}), 2); }

TEST_F(HealthVerb, BadUrlIsWrongUsage) {
    EXPECT_EQ(f.run({"health", "--url", "ftp://127.0.0.1"}), 2);
    EXPECT_EQ(f.run({"health", "--url", "http://a b/health"}), 2);
}

TEST_F(HealthVerb, TakesATimeoutOfAnyLength) {
    const one_answer well("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(f.run({"health", "--timeout", "106751991167d", "--url", well.url()}), 0);
}

} // namespace
} // namespace infra::cli
