#include "src/live.hpp"

#include <infra/testing/test_loop.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

std::size_t count_of(std::string_view what, std::string_view in) {
    std::size_t n = 0;
    for (auto at = in.find(what); at != std::string_view::npos; at = in.find(what, at + 1))
        ++n;
    return n;
}

struct Live : ::testing::Test {
    testing::test_loop loop;
    manual_clock time;
    live stream{time, 3};
    http::router routes;
    bool welcome = true;

    Live() {
        routes.get("/live", [this](const http::request& r) {
            return stream.open(r.query_all("topic"), r.query("tab").value_or(""), [this] { return welcome; });
        });
    }

    std::shared_ptr<testing::outcome<http::response>> look(const std::string& query) {
        auto looking = loop.spawn(routes.handle({.target = "/live?" + query}));
        loop.settle();
        return looking;
    }

    void pass(std::chrono::milliseconds d) {
        for (; d > 0ms; d -= 250ms) {
            time.advance(250ms);
            loop.settle();
        }
    }

    // What it was told until now; then it is over.
    std::string told(const std::shared_ptr<testing::outcome<http::response>>& looking) {
        stream.stop();
        loop.until([&] { return looking->done(); });
        EXPECT_FALSE(looking->failure) << looking->what();
        return looking->value ? looking->value->body : "";
    }
};

TEST(LiveEvent, IsALineOfItsNameAndOneOfItsText) { EXPECT_EQ(event_of("n", "1"), "event: n\ndata: 1\n\n"); }

TEST_F(Live, SendsAValueOnceASecondAndOnlyWhenItIsAnother) {
    int asked = 0;
    int value = 1;
    stream.add("n", [&](const http::request&) -> awaitable<json::value> {
        ++asked;
        co_return value;
    });
    const auto looking = look("topic=n");
    pass(3s);
    EXPECT_GE(asked, 3);
    EXPECT_LE(asked, 5);
    value = 2;
    pass(1s);
    const auto text = told(looking);
    EXPECT_EQ(count_of("event: n\ndata: 1\n\n", text), 1u) << text;
    EXPECT_EQ(count_of("event: n\ndata: 2\n\n", text), 1u) << text;
    EXPECT_TRUE(text.starts_with("retry: "));
}

TEST_F(Live, AsksNobodyWhileNobodyLooks) {
    int asked = 0;
    stream.add("n", [&](const http::request&) -> awaitable<json::value> { co_return ++asked; });
    pass(5s);
    EXPECT_EQ(asked, 0);
    const auto looking = look("topic=n");
    EXPECT_EQ(asked, 1);
    told(looking);
    const auto until_then = asked;
    pass(5s);
    EXPECT_EQ(asked, until_then);
}

TEST_F(Live, MakesAValueOnceForAllWhoLook) {
    int asked = 0;
    stream.add("n", [&](const http::request&) -> awaitable<json::value> {
        ++asked;
        co_return "x";
    });
    const auto one = look("topic=n"), other = look("topic=n");
    pass(4s);
    EXPECT_LE(asked, 6);
    EXPECT_EQ(count_of("event: n", told(one)), 1u);
    EXPECT_EQ(count_of("event: n", told(other)), 1u);
}

TEST_F(Live, TopicsMayCarryAQuery) {
    stream.add("queue", [](const http::request& watched) -> awaitable<json::value> {
        co_return json::value(watched.query("name").value_or("?"));
    });
    // The page writes queue?name=a%26b, which is encoded once more in the address.
    const auto looking = look("topic=queue%3Fname%3Da%2526b&topic=queue%3Fname%3Dc+d%23e");
    const auto text = told(looking);
    EXPECT_NE(text.find("event: queue?name=a%26b\ndata: \"a&b\"\n\n"), std::string::npos) << text;
    EXPECT_NE(text.find("event: queue?name=c d#e\ndata: \"c d#e\"\n\n"), std::string::npos) << text;
}

TEST_F(Live, SendsPiecesFourTimesASecondFromWhereItWas) {
    std::uint64_t last = 0;
    stream.add_pieces("log", [&](const http::request&, std::uint64_t since) -> awaitable<pieces> {
        pieces found{.next = last};
        for (auto i = since; i < last; ++i)
            found.items.push_back(i);
        co_return found;
    });
    const auto looking = look("topic=log");
    last = 2;
    pass(250ms);
    last = 3;
    pass(250ms);
    const auto text = told(looking);
    EXPECT_NE(text.find(R"(data: {"items":[0,1],"skipped":0})"), std::string::npos) << text;
    EXPECT_NE(text.find(R"(data: {"items":[2],"skipped":0})"), std::string::npos) << text;
}

TEST_F(Live, SendsTheNewestOfTooManyPieces) {
    stream.add_pieces("log", [](const http::request&, std::uint64_t since) -> awaitable<pieces> {
        pieces found{.next = 1000};
        for (auto i = since; i < 1000; ++i)
            found.items.push_back(i);
        co_return found;
    });
    const auto text = told(look("topic=log"));
    EXPECT_NE(text.find("{\"items\":[875,"), std::string::npos);
    EXPECT_NE(text.find("\"skipped\":875}"), std::string::npos);
}

TEST_F(Live, SaysWhichTopicFails) {
    bool down = true;
    stream.add("redis", [&](const http::request&) -> awaitable<json::value> {
        if (down)
            throw error(errc::unavailable, "Redis does not answer");
        co_return "up";
    });
    const auto looking = look("topic=redis&topic=nothing");
    down = false;
    pass(1s);
    const auto text = told(looking);
    EXPECT_NE(text.find(R"(event: problem)"), std::string::npos);
    EXPECT_NE(text.find(R"("message":"Redis does not answer")"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("topic":"nothing")"), std::string::npos) << text;
    EXPECT_NE(text.find("event: redis\ndata: \"up\""), std::string::npos) << "it heals by itself";
}

TEST_F(Live, SaysTheSameAgainOnceItsTopicDoesNotFailAnyMore) {
    bool down = false;
    const auto ask = [&] {
        if (down)
            throw error(errc::unavailable, "Redis does not answer");
    };
    stream.add("value", [&](const http::request&) -> awaitable<json::value> {
        ask();
        co_return "up";
    });
    stream.add_pieces("pieces", [&](const http::request&, std::uint64_t) -> awaitable<pieces> {
        ask();
        co_return pieces{};
    });
    const auto looking = look("topic=value&topic=pieces");
    pass(2s);
    down = true;
    pass(2s);
    down = false;
    pass(2s);
    const auto text = told(looking);
    EXPECT_EQ(count_of("event: value\ndata: \"up\"", text), 2u) << text;
    EXPECT_EQ(count_of(R"(event: pieces)", text), 1u) << text;
}

TEST_F(Live, TellsNobodyWhatWasBeforeItsTopicFailed) {
    bool down = false;
    stream.add("value", [&](const http::request&) -> awaitable<json::value> {
        if (down)
            throw error(errc::unavailable, "Redis does not answer");
        co_return "old";
    });
    const auto one = look("topic=value");
    down = true;
    pass(1s);
    const auto other = look("topic=value");
    pass(2s);
    EXPECT_EQ(count_of("old", told(other)), 0u);
    EXPECT_EQ(count_of("old", told(one)), 1u);
}

TEST_F(Live, ValueThatNeverComesHoldsNoOtherUp) {
    stream.add("stuck", [&](const http::request&) -> awaitable<json::value> {
        co_await time.sleep_until(steady_time::max());
        co_return 0;
    });
    int n = 0;
    stream.add("n", [&](const http::request&) -> awaitable<json::value> { co_return ++n; });
    const auto looking = look("topic=stuck&topic=n");
    pass(6s);
    const auto text = told(looking);
    EXPECT_GE(count_of("event: n\n", text), 5u) << text;
    EXPECT_NE(text.find("event: problem\ndata: {\"topic\":\"stuck\""), std::string::npos) << text;
}

TEST_F(Live, IsHeardOfEvery15Seconds) {
    stream.add("n", [](const http::request&) -> awaitable<json::value> { co_return 1; });
    const auto looking = look("topic=n");
    pass(31s);
    EXPECT_EQ(count_of("\n:\n\n", told(looking)), 2u);
}

TEST_F(Live, EndsSoonForWhoMayLookNoMore) {
    stream.add("n", [](const http::request&) -> awaitable<json::value> { co_return 1; });
    const auto looking = look("topic=n");
    pass(20s);
    EXPECT_FALSE(looking->done());
    welcome = false;
    pass(15s);
    EXPECT_TRUE(looking->done());
}

TEST_F(Live, RefusesOneTooMany) {
    stream.add("n", [](const http::request&) -> awaitable<json::value> { co_return 1; });
    const auto a = look("topic=n"), b = look("topic=n"), c = look("topic=n");
    EXPECT_EQ(stream.viewers(), 3u);
    const auto refused = loop.get(routes.handle({.target = "/live?topic=n"}));
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.headers.contains("Retry-After"));
    for (const auto& each : {a, b, c})
        told(each);
    EXPECT_EQ(stream.viewers(), 0u);
}

TEST_F(Live, PageThatComesBackTakesItsOwnPlace) {
    stream.add("n", [](const http::request&) -> awaitable<json::value> { co_return 1; });
    const auto first = look("topic=n&tab=mine");
    for (int i = 0; i < 5; ++i)
        look("topic=n&tab=mine");
    loop.until([&] { return first->done(); });
    EXPECT_EQ(stream.viewers(), 1u);
    stream.stop();
    loop.settle();
    EXPECT_EQ(stream.viewers(), 0u);
}

TEST_F(Live, OpensNoMoreOnceStopped) {
    stream.add("n", [](const http::request&) -> awaitable<json::value> { co_return 1; });
    stream.stop();
    EXPECT_EQ(loop.get(routes.handle({.target = "/live?topic=n"})).status, 503);
}

TEST_F(Live, RefusesWhatIsNoTopic) {
    std::string seventeen;
    for (int i = 0; i < 17; ++i)
        seventeen += "topic=n&";
    for (const auto& query : {std::string(), std::string("topic="), std::string("topic=a%0Adata%3A+x"), seventeen,
                              "topic=" + std::string(600, 'x'), "topic=n&tab=" + std::string(100, 'x')})
        EXPECT_EQ(loop.get(routes.handle({.target = "/live?" + query})).status, 400) << query;
}

// 24 MB were there to be had; what the kernel holds for a socket is a part of that.
TEST_F(Live, AsksForNoMorePiecesWhileAReaderTakesNone) {
    int asked = 0;
    stream.add_pieces("log", [&](const http::request&, std::uint64_t since) -> awaitable<pieces> {
        ++asked;
        co_return pieces{.items = {std::string(400'000, 'x')}, .next = since + 1};
    });
    http::server server({loop.get_executor()}, routes, {.port = 0, .access_log = false});
    server.listen();
    const auto serving = loop.spawn(server.run());
    asio::ip::tcp::socket reader(loop.io);
    reader.open(asio::ip::tcp::v4());
    reader.set_option(asio::socket_base::receive_buffer_size(4096));
    reader.connect({asio::ip::address_v4::loopback(), server.port()});
    asio::write(reader, asio::buffer(std::string("GET /live?topic=log HTTP/1.1\r\nHost: localhost\r\n\r\n")));
    loop.until([&] { return asked > 0; });
    pass(60 * 250ms);
    EXPECT_LT(asked, 40);
    const auto then = asked;
    pass(2s);
    EXPECT_EQ(asked, then);
    stream.stop();
    loop.wait(server.stop(deadline::after(0s)));
    loop.until([&] { return serving->done(); });
}

} // namespace
} // namespace infra::dashboard
