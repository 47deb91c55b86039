#include "tests/websocket/support.hpp"

#include <infra/realtime/event_stream.hpp>
#include <infra/realtime/outbox.hpp>

#include <atomic>
#include <cstdio>
#include <set>
#include <thread>

namespace infra::realtime {
namespace {

using namespace std::chrono_literals;
using websocket::raw_client;

struct event {
    std::string id, type = "message", data;
};

// A browser's EventSource, as the standard describes it, over a raw socket.
class listener {
public:
    listener(websocket::service& s, std::string target, std::string extra = {}) : s_(&s), socket_(s) {
        head = socket_.ask("GET " + target + " HTTP/1.1\r\nHost: shop.example\r\n" + extra + "\r\n");
    }
    /// What has come by now.
    std::vector<event> events() {
        s_->turn();
        socket_.collect();
        chunks_ += socket_.take_all();
        for (auto end = chunks_.find("\r\n"); end != std::string::npos; end = chunks_.find("\r\n")) {
            const auto size = std::stoul(chunks_.substr(0, end), nullptr, 16);
            if (chunks_.size() < end + 2 + size + 2)
                break;
            ended = ended || size == 0;
            text_ += chunks_.substr(end + 2, size);
            chunks_.erase(0, end + 2 + size + 2);
        }
        std::vector<event> all;
        for (auto end = text_.find("\n\n"); end != std::string::npos; end = text_.find("\n\n")) {
            if (auto e = read(text_.substr(0, end + 1)))
                all.push_back(*e);
            text_.erase(0, end + 2);
        }
        return all;
    }
    void vanish() { socket_.vanish(); }

    std::string head;
    std::string last_id;
    std::string retry;
    int comments = 0;
    bool ended = false;

private:
    std::optional<event> read(std::string block) {
        event made;
        for (auto end = block.find('\n'); end != std::string::npos; end = block.find('\n')) {
            const auto line = block.substr(0, end);
            block.erase(0, end + 1);
            const auto value = [&](std::string_view name) { return line.substr(name.size()); };
            if (line.starts_with(":"))
                ++comments;
            else if (line.starts_with("id: "))
                last_id = value("id: ");
            else if (line.starts_with("event: "))
                made.type = value("event: ");
            else if (line.starts_with("data: "))
                made.data = value("data: ");
            else if (line.starts_with("retry: "))
                retry = value("retry: ");
            else
                ADD_FAILURE() << line;
        }
        made.id = last_id;
        return made.data.empty() ? std::nullopt : std::optional(made);
    }

    websocket::service* s_;
    raw_client socket_;
    std::string chunks_;
    std::string text_;
};

struct events_service {
    explicit events_service(hub_options o = {.channels = {{"*", {.history = {.size = 10}}}}},
                            event_stream_options e = {})
        : s({.hub = std::move(o), .before = [e](hub at, http::router& r) { add_event_stream(r, at, "/events", e); }}) {}
    void say(std::string_view channel, int n) { s.at.publish(channel, {.type = "said", .data = {{"n", n}}}); }
    websocket::service s;
};

std::string said(std::string_view channel, int n, int offset) {
    return R"({"type":"said","channel":")" + std::string(channel) + R"(","offset":)" + std::to_string(offset) +
           R"(,"data":{"n":)" + std::to_string(n) + "}}";
}

TEST(EventStream, TellsWhatIsSaidOnItsChannels) {
    events_service e;
    listener l(e.s, "/events?channel=a&channel=b");
    EXPECT_TRUE(l.head.starts_with("HTTP/1.1 200 ")) << l.head;
    EXPECT_NE(l.head.find("Content-Type: text/event-stream\r\n"), std::string::npos) << l.head;
    EXPECT_NE(l.head.find("Cache-Control: no-store\r\n"), std::string::npos) << l.head;
    EXPECT_TRUE(l.events().empty());
    EXPECT_EQ(l.retry, "2000");
    EXPECT_NE(l.last_id, "") << "before anything was said, it knows where it is";
    e.say("a", 1);
    e.say("b", 2);
    e.say("c", 3);
    const auto heard = l.events();
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(heard[0].data, said("a", 1, 1));
    EXPECT_EQ(heard[1].data, said("b", 2, 1));
    EXPECT_NE(heard[0].id, heard[1].id);
    EXPECT_EQ(e.s.at.list_clients().at(0).transport, "event-stream");
}

TEST(EventStream, GivesWhatWasMissedToWhoComesBack) {
    events_service e;
    std::string last_id;
    {
        listener l(e.s, "/events?channel=a&channel=b");
        e.say("a", 1);
        EXPECT_EQ(l.events().size(), 1u);
        last_id = l.last_id;
    }
    e.say("a", 2);
    e.say("b", 3);
    e.say("a", 4);
    listener back(e.s, "/events?channel=a&channel=b", "Last-Event-ID: " + last_id + "\r\n");
    const auto heard = back.events();
    ASSERT_EQ(heard.size(), 3u);
    EXPECT_EQ(heard[0].data, said("a", 2, 2));
    EXPECT_EQ(heard[1].data, said("a", 4, 3));
    EXPECT_EQ(heard[2].data, said("b", 3, 1));
    e.say("b", 5);
    EXPECT_EQ(back.events().at(0).data, said("b", 5, 2));
}

// Cut anywhere, and back with the id of the last event that was seen: nothing twice, nothing missing.
TEST(EventStream, ResumesFromAnyEvent) {
    events_service e({.channels = {{"*", {.history = {.size = 1000}}}}});
    std::vector<event> all;
    {
        listener l(e.s, "/events?channel=a&channel=b");
        for (int n = 1; n <= 20; ++n)
            e.say(n % 3 ? "a" : "b", n);
        all = l.events();
    }
    ASSERT_EQ(all.size(), 20u);
    for (std::size_t seen = 1; seen <= all.size(); ++seen) {
        listener back(e.s, "/events?channel=a&channel=b", "Last-Event-ID: " + all[seen - 1].id + "\r\n");
        std::multiset<std::string> heard;
        for (std::size_t i = 0; i < seen; ++i)
            heard.insert(all[i].data);
        for (const auto& each : back.events())
            heard.insert(each.data);
        EXPECT_EQ(heard.size(), all.size()) << seen;
        for (const auto& each : all)
            EXPECT_EQ(heard.count(each.data), 1u) << seen;
    }
}

TEST(EventStream, TellsOfAGapWhenTheHistoryDoesNotReachBack) {
    events_service e;
    std::string last_id;
    {
        listener l(e.s, "/events?channel=a");
        e.say("a", 1);
        l.events();
        last_id = l.last_id;
    }
    for (int n = 2; n <= 30; ++n)
        e.say("a", n);
    listener back(e.s, "/events?channel=a", "Last-Event-ID: " + last_id + "\r\n");
    const auto heard = back.events();
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].type, "gap");
    e.say("a", 31);
    const auto next = back.events();
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next[0].data, said("a", 31, 31));
}

TEST(EventStream, TellsOfChannelsThatMayNotBeHeard) {
    events_service e({.authorize = [](access_request a) { return a.channel != "secret"; }});
    listener l(e.s, "/events?channel=secret&channel=a");
    const auto heard = l.events();
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].type, "refused");
    EXPECT_NE(heard[0].data.find("\"secret\""), std::string::npos);
    EXPECT_NE(heard[0].data.find("forbidden"), std::string::npos);
    e.say("secret", 1);
    e.say("a", 2);
    EXPECT_EQ(l.events().size(), 1u);
}

TEST(EventStream, SaysSomethingNowAndThen) {
    events_service e;
    listener l(e.s, "/events?channel=a");
    l.events();
    e.s.advance(26s);
    l.events();
    EXPECT_EQ(l.comments, 1);
    e.s.advance(26s);
    l.events();
    EXPECT_EQ(l.comments, 2);
}

TEST(EventStream, NoticesWhoHasGone) {
    events_service e;
    listener l(e.s, "/events?channel=a");
    l.events();
    l.vanish();
    for (int i = 0; i < 3; ++i)
        e.s.advance(26s);
    EXPECT_TRUE(e.s.at.get_connected_clients().empty());
}

TEST(EventStream, EndsWithTheHub) {
    events_service e;
    listener l(e.s, "/events?channel=a");
    l.events();
    e.s.loop.wait(e.s.at.stop());
    l.events();
    EXPECT_TRUE(l.ended);
}

TEST(EventStream, TellsThePageWhenItNeedNotComeBack) {
    events_service e;
    listener l(e.s, "/events?channel=a");
    l.events();
    e.say("a", 1);
    e.s.at.disconnect(e.s.at.get_connected_clients().at(0), close_code::disconnected, "bye");
    const auto heard = l.events();
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(heard[1].type, "closed");
    EXPECT_EQ(heard[1].data, R"({"code":4505,"reason":"bye"})");
    EXPECT_TRUE(l.ended);
}

TEST(EventStream, RefusesStrangersForeignPagesAndQuestionsAboutNothing) {
    events_service e({.authenticate = [](handshake h) -> identity {
        if (!h.cookie("session"))
            throw std::runtime_error("nobody");
        return {.user = "anna"};
    }});
    EXPECT_TRUE(listener(e.s, "/events?channel=a").head.starts_with("HTTP/1.1 401 "));
    EXPECT_TRUE(listener(e.s, "/events", "Cookie: session=1\r\n").head.starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(listener(e.s, "/events?channel=a", "Cookie: session=1\r\nOrigin: https://evil.example\r\n")
                    .head.starts_with("HTTP/1.1 403 "));
    std::string many = "/events?channel=0";
    for (int i = 1; i < 40; ++i)
        many += "&channel=" + std::to_string(i);
    EXPECT_TRUE(listener(e.s, many, "Cookie: session=1\r\n").head.starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(listener(e.s, "/events?channel=a", "Cookie: session=1\r\n").head.starts_with("HTTP/1.1 200 "));
}

TEST(EventStream, LetsPagesOfListedOriginsRead) {
    events_service e({}, {.origins = {"https://*.shop.example"}});
    const listener l(e.s, "/events?channel=a", "Origin: https://app.shop.example\r\n");
    EXPECT_NE(l.head.find("Access-Control-Allow-Origin: https://app.shop.example\r\n"), std::string::npos) << l.head;
    EXPECT_NE(l.head.find("Vary: Origin\r\n"), std::string::npos) << l.head;
}

TEST(EventStream, IsBoundedForASlowReaderAndTellsOfTheGap) {
    events_service e(
        {.channels = {{"*", {.on_overflow = overflow::drop_oldest}}}, .limits = {.max_queue_bytes = 100'000}});
    listener l(e.s, "/events?channel=a");
    l.events();
    const std::string pad(10'000, '.');
    std::size_t most = 0;
    int said_so_far = 0;
    for (; said_so_far < 2000; ++said_so_far) {
        e.s.at.publish("a", {.type = "said", .data = {{"n", said_so_far}, {"pad", pad}}});
        e.s.turn();
        most = std::max(most, e.s.at.list_clients().at(0).queued_bytes);
    }
    EXPECT_LE(most, 101'000u);
    const auto dropped = e.s.at.list_clients().at(0).dropped;
    EXPECT_GT(dropped, 0u);
    std::uint64_t heard = 0;
    std::uint64_t missed = 0;
    while (heard + missed < static_cast<std::uint64_t>(said_so_far))
        for (const auto& each : l.events()) {
            const auto read = json::parse<json::value>(each.data);
            if (each.type == "gap")
                missed += read->at("data").at("dropped").to_number<std::uint64_t>();
            else
                EXPECT_EQ(read->at("data").at("n").to_number<std::uint64_t>(), heard++ + missed);
        }
    EXPECT_EQ(missed, dropped);
}

TEST(EventStream, CountsWhatSmallMessagesTakeInMemory) {
    events_service e;
    listener l(e.s, "/events?channel=a");
    l.events();
    const auto say = [&](std::size_t size) {
        e.s.at.publish("a", {.type = "said", .data = json::value(std::string(size, '.'))});
        e.s.turn();
        return static_cast<std::int64_t>(e.s.at.list_clients().at(0).queued_bytes);
    };
    while (say(100'000) == 0) {
    }
    std::int64_t most = 0; // the kernel may take something in between
    for (int i = 0; i < 20; ++i) {
        const auto before = say(100);
        most = std::max(most, say(100) - before);
    }
    EXPECT_GT(most, std::int64_t(kept_beside_each + 100));
    EXPECT_LT(most, std::int64_t(kept_beside_each + 200));
}

TEST(EventStream, IsReadByCurl) {
    events_service e;
    const auto port = std::to_string(e.s.server->port());
    std::atomic<bool> done{false};
    std::string got;
    std::thread curl([&] {
        const auto command = "curl -sN --max-time 20 'http://127.0.0.1:" + port + "/events?channel=a' 2>/dev/null";
        auto* const pipe = ::popen(command.c_str(), "r");
        char line[4096];
        while (got.find("\"n\":1") == std::string::npos && std::fgets(line, sizeof line, pipe))
            got += line;
        done = true;
        char rest[4096];
        while (std::fgets(rest, sizeof rest, pipe)) {
        }
        ::pclose(pipe);
    });
    e.s.loop.until([&] { return !e.s.at.get_connected_clients().empty(); });
    e.say("a", 1);
    e.s.loop.until([&] { return done.load(); });
    e.s.loop.wait(e.s.at.stop());
    e.s.loop.settle();
    curl.join();
    EXPECT_NE(got.find("retry: 2000\n"), std::string::npos) << got;
    EXPECT_NE(got.find("data: " + said("a", 1, 1) + "\n"), std::string::npos) << got;
}

} // namespace
} // namespace infra::realtime
