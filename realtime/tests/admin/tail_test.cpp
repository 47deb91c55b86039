#include "src/admin/tail.hpp"

#include <infra/http_server.hpp>
#include <infra/realtime/admin.hpp>
#include <infra/testing/test_loop.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

namespace infra::realtime {
namespace {

using namespace std::chrono_literals;

/// A service with the pages on a port of its own, and who reads a tail of it.
struct Tail : ::testing::Test {
    ~Tail() override {
        pages->stop();
        const auto stopped = loop.spawn(server->stop(deadline::after(20s)));
        loop.until([&] { return stopped->done() && running->done(); });
    }

    void serve(admin_options options = {}) {
        options.allow = [](const http::request&) { return true; };
        pages.emplace(add_admin(routes, subject, options));
        server = std::make_unique<http::server>(std::vector<executor>{loop.get_executor()}, routes,
                                                http::server_options{.port = 0});
        server->listen();
        running = loop.spawn(server->run());
    }

    std::shared_ptr<asio::ip::tcp::socket> asked(const std::string& target) {
        auto made = std::make_shared<asio::ip::tcp::socket>(loop.io);
        made->connect({asio::ip::address_v4::loopback(), server->port()});
        asio::write(*made, asio::buffer("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"));
        made->non_blocking(true);
        return made;
    }
    void read_until(asio::ip::tcp::socket& from, std::string_view text) {
        loop.until([&] {
            std::array<char, 65'536> some{};
            boost::system::error_code ec;
            const auto n = from.read_some(asio::buffer(some), ec);
            heard.append(some.data(), n);
            return heard.find(text) != std::string::npos || (ec && ec != asio::error::would_block);
        });
        EXPECT_NE(heard.find(text), std::string::npos) << text << " in " << heard;
    }
    std::size_t count(std::string_view text) const {
        std::size_t n = 0;
        for (auto at = heard.find(text); at != std::string::npos; at = heard.find(text, at + 1))
            ++n;
        return n;
    }

    testing::test_loop loop;
    hub subject{{.channels = {{"room:*", {.history = {.size = 10}}}}, .on = loop.get_executor()}};
    http::router routes;
    std::optional<admin_pages> pages;
    std::unique_ptr<http::server> server;
    std::shared_ptr<testing::outcome<bool>> running;
    std::string heard;
};

TEST_F(Tail, BeginsWithTheHistoryAndTellsEachMessageOnce) {
    serve();
    for (int i = 1; i <= 3; ++i)
        subject.publish("room:1", {.type = "said", .data = i});
    const auto reader = asked("/infra/realtime/tail?channel=room:1&channel=other&history=2");
    read_until(*reader, R"("offset":3)");
    subject.publish("room:1", {.type = "said", .data = 4});
    subject.publish("other", {.type = "news"});
    subject.publish("room:2", {.type = "unheard"});
    read_until(*reader, R"({"type":"news","channel":"other"})");
    EXPECT_NE(heard.find("application/x-ndjson"), std::string::npos);
    for (const auto* offset : {R"("offset":2)", R"("offset":3)", R"("offset":4)"})
        EXPECT_EQ(count(offset), 1u) << offset;
    EXPECT_EQ(count(R"("offset":1)"), 0u);
    EXPECT_EQ(count("unheard"), 0u);
}

TEST_F(Tail, IsAClientUntilItsReaderHasGone) {
    serve({.keep_alive = 20ms});
    auto reader = asked("/infra/realtime/tail?channel=room:1");
    loop.until([&] { return subject.get_subscribers("room:1").size() == 1; });
    EXPECT_TRUE(subject.get_connected_clients().at(0).starts_with("operator-"));
    reader.reset();
    loop.until([&] { return subject.get_connected_clients().empty(); });
    EXPECT_TRUE(subject.get_channels().empty());
}

TEST_F(Tail, EndsWhenTheClientIsDisconnected) {
    serve();
    const auto reader = asked("/infra/realtime/tail?channel=room:1");
    loop.until([&] { return subject.get_connected_clients().size() == 1; });
    subject.disconnect(subject.get_connected_clients().at(0));
    read_until(*reader, "\r\n0\r\n\r\n");
}

TEST_F(Tail, EndsWithTheService) {
    serve();
    const auto reader = asked("/infra/realtime/tail?channel=room:1");
    loop.until([&] { return subject.get_connected_clients().size() == 1; });
    pages->stop();
    read_until(*reader, "\r\n0\r\n\r\n");
    const auto late = asked("/infra/realtime/tail?channel=room:1");
    read_until(*late, "HTTP/1.1 503");
}

TEST_F(Tail, IsOneOfFew) {
    serve({.max_tails = 1, .keep_alive = 20ms});
    auto first = asked("/infra/realtime/tail?channel=room:1");
    loop.until([&] { return subject.get_connected_clients().size() == 1; });
    const auto second = asked("/infra/realtime/tail?channel=room:1");
    read_until(*second, "HTTP/1.1 503");
    first.reset();
    loop.until([&] { return subject.get_connected_clients().empty(); });
    const auto third = asked("/infra/realtime/tail?channel=room:1");
    loop.until([&] { return subject.get_connected_clients().size() == 1; });
}

frame line(const std::string& channel, std::uint64_t offset, std::size_t size) {
    auto facts = std::make_shared<channel_facts>();
    facts->name = channel;
    return frame(std::string(size, 'x'), {.channel = facts, .offset = offset});
}

TEST(WaitingLines, TellWhatHadToMakeRoom) {
    admin::waiting_lines lines(100);
    EXPECT_TRUE(lines.empty());
    for (std::uint64_t i = 1; i <= 5; ++i)
        lines.push(line("a", i, 40));
    EXPECT_EQ(lines.take(), R"({"type":"gap","channel":"a","data":{"dropped":3,"offset":3}})"
                            "\n" +
                                std::string(40, 'x') + "\n" + std::string(40, 'x') + "\n");
    EXPECT_TRUE(lines.empty());
    EXPECT_EQ(lines.take(), "");
    lines.push(line("b", 0, 200));
    EXPECT_EQ(lines.take().size(), 201u) << "one that is alone goes in";
}

TEST(WaitingLines, LeaveOutWhatTheHistoryTells) {
    admin::waiting_lines lines(100);
    for (std::uint64_t i = 1; i <= 2; ++i)
        for (const auto* channel : {"a", "b"})
            lines.push(line(channel, i, static_cast<std::size_t>(i)));
    lines.push(line("a", 0, 9));
    lines.skip("a", 3);
    for (std::uint64_t i = 3; i <= 4; ++i)
        lines.push(line("a", i, static_cast<std::size_t>(i)));
    EXPECT_EQ(lines.take(), "x\nxx\nxxxxxxxxx\nxxxx\n") << "b's 1 and 2, one of a that has no number, a's 4";
    lines.push(line("a", 5, 60));
    lines.skip("a", 5);
    EXPECT_TRUE(lines.empty());
    lines.push(line("a", 6, 60));
    lines.push(line("a", 7, 30));
    EXPECT_EQ(lines.take().size(), 92u) << "what was left out takes no room";
}

} // namespace
} // namespace infra::realtime
