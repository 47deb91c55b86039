#include "support.hpp"

#include <infra/realtime/outbox.hpp>
#include <infra/testing/captured_telemetry.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::realtime::websocket {
namespace {

using kind = event::kind;

constexpr std::size_t bound = 256 * 1024;

service_options with_policy(overflow policy) {
    return {.hub = {.channels = {{"*", {.on_overflow = policy}}}, .limits = {.max_queue_bytes = bound}}};
}

// What a client has made of "n" and of gaps, of one channel.
struct listener {
    std::uint64_t last = 0;
    std::uint64_t missed = 0;
    std::uint64_t told = 0;

    void hears(std::string_view text) {
        const auto read = json::parse<json::value>(text);
        ASSERT_TRUE(read);
        const auto type = read->at("type").as_string();
        if (type == "gap") {
            told += read->at("data").at("dropped").to_number<std::uint64_t>();
        } else if (type == "said") {
            const auto n = read->at("data").at("n").to_number<std::uint64_t>();
            ASSERT_EQ(n, last + told + 1);
            missed += std::exchange(told, 0);
            last = n;
        }
    }
};

void publish(service& s, std::uint64_t from, std::uint64_t upto, std::size_t size = 4000) {
    const std::string pad(size, '.');
    for (auto n = from; n <= upto; ++n) {
        s.at.publish("room:1", {.type = "said", .data = {{"n", n}, {"pad", pad}}}, {.key = n % 2 ? "odd" : "even"});
        s.loop.io.poll();
        s.loop.io.restart();
    }
}

class SlowReaders : public ::testing::TestWithParam<overflow> {};

TEST_P(SlowReaders, AreBoundedAndToldWhatTheyMissed) {
    service s(with_policy(GetParam()));
    auto slow = raw_client::joined(s, {}, 4096);
    slow.subscribe("room:1");
    std::size_t most = 0;
    std::uint64_t said = 0;
    while (said < 4000) {
        publish(s, said + 1, said + 50);
        said += 50;
        most = std::max(most, s.at.list_clients().at(0).queued_bytes);
    }
    EXPECT_LE(most, bound + 1024);
    const auto dropped = s.at.list_clients().at(0).dropped;
    EXPECT_GT(dropped, 0u);
    listener l;
    while (l.last + l.told < said) {
        const auto f = slow.read();
        ASSERT_TRUE(f);
        l.hears(f->bytes);
    }
    EXPECT_EQ(l.missed + l.told, s.at.list_clients().at(0).dropped);
    EXPECT_EQ(s.at.find_channel("room:1")->dropped, l.missed + l.told);
    publish(s, said + 1, said + 1);
    const auto f = slow.read();
    ASSERT_TRUE(f);
    l.hears(f->bytes);
    EXPECT_EQ(l.last, said + 1);
    EXPECT_EQ(s.at.list_clients().at(0).queued_bytes, 0u);
}

INSTANTIATE_TEST_SUITE_P(Policies, SlowReaders,
                         ::testing::Values(overflow::drop_newest, overflow::drop_oldest, overflow::keep_latest));

TEST(SlowReader, IsCountedWhatItsSmallMessagesTakeInMemory) {
    auto options = with_policy(overflow::drop_newest);
    options.websocket.send_buffer = 64 * 1024;
    service s(options);
    auto slow = raw_client::joined(s, {}, 4096);
    slow.subscribe("room:1");
    const auto queued = [&] { return s.at.list_clients().at(0).queued_bytes; };
    auto say = [&, said = std::uint64_t(0)]() mutable {
        ++said;
        publish(s, said, said, 100);
    };
    while (queued() < 32 * 1024)
        say();
    std::int64_t most = 0; // the kernel may take something in between
    for (int i = 0; i < 20; ++i) {
        const auto before = static_cast<std::int64_t>(queued());
        say();
        most = std::max(most, static_cast<std::int64_t>(queued()) - before);
    }
    EXPECT_GT(most, std::int64_t(kept_beside_each + 100));
    EXPECT_LT(most, std::int64_t(kept_beside_each + 200));
    while (s.at.list_clients().at(0).dropped == 0)
        say();
    EXPECT_LE(queued(), bound + 1024);
}

TEST(SlowReader, IsClosedWhereTheChannelSaysSo) {
    service s(with_policy(overflow::close));
    std::vector<close_code> codes;
    s.at.on_disconnect([&](client_id, close_code code) { codes.push_back(code); });
    auto slow = raw_client::joined(s, {}, 4096);
    slow.subscribe("room:1");
    for (std::uint64_t n = 1; n <= 4000 && codes.empty(); ++n)
        publish(s, n, n);
    EXPECT_EQ(codes, std::vector{close_code::slow});
    EXPECT_TRUE(s.at.get_connected_clients().empty());
    listener l; // all in order up to the close frame: nothing is missing in between
    while (const auto f = slow.read()) {
        if (f->what == kind::close) {
            EXPECT_EQ(f->code, close_code::slow);
            break;
        }
        l.hears(f->bytes);
    }
    EXPECT_EQ(l.missed, 0u);
    EXPECT_GT(l.last, 0u);
}

TEST(SlowReader, IsCutWhenItDoesNotEvenReadTheClose) {
    service s(with_policy(overflow::close));
    auto slow = raw_client::joined(s, {}, 4096);
    slow.subscribe("room:1");
    while (!s.at.get_connected_clients().empty())
        publish(s, 1, 1);
    s.advance(7s);
    EXPECT_EQ(s.sockets->connections(), 0u);
}

TEST(SlowReader, DoesNotKeepOthersWaiting) {
    service s(with_policy(overflow::drop_newest));
    auto slow = raw_client::joined(s, {}, 4096);
    auto quick = raw_client::joined(s);
    slow.subscribe("room:1");
    quick.subscribe("room:1");
    listener l;
    for (std::uint64_t n = 1; n <= 3000; ++n) {
        publish(s, n, n);
        while (l.last < n) {
            const auto f = quick.read();
            ASSERT_TRUE(f);
            l.hears(f->bytes);
        }
    }
    EXPECT_EQ(l.missed, 0u);
}

TEST(SlowReader, IsAskedOnceMoreBeforeAnythingIsDropped) {
    service s({.hub = {.limits = {.max_queue_bytes = 64 * 1024}}});
    auto quick = raw_client::joined(s);
    quick.subscribe("room:1");
    const std::string pad(10'000, '.');
    for (int n = 1; n <= 20; ++n) // in one turn of the loop, and more than the queue may hold
        s.at.publish("room:1", {.type = "said", .data = {{"n", n}, {"pad", pad}}});
    listener l;
    while (l.last < 20) {
        const auto f = quick.read();
        ASSERT_TRUE(f && f->what == kind::text);
        l.hears(f->bytes);
    }
}

struct burst_case {
    int messages;
    int writes;
};

class Bursts : public ::testing::TestWithParam<burst_case> {};

TEST_P(Bursts, LeaveInOneWriteForSixtyFourMessages) {
    const testing::captured_telemetry told("realtime_writes");
    service s;
    auto anna = raw_client::joined(s);
    anna.subscribe("room:1");
    const auto before = told.counted("realtime_writes_total");
    EXPECT_GT(before, 0);
    const auto last = static_cast<std::uint64_t>(GetParam().messages);
    for (std::uint64_t n = 1; n <= last; ++n)
        s.at.publish("room:1", {.type = "said", .data = {{"n", n}}});
    listener l;
    while (l.last < last) {
        const auto f = anna.read();
        ASSERT_TRUE(f);
        l.hears(f->bytes);
    }
    EXPECT_EQ(told.counted("realtime_writes_total") - before, GetParam().writes);
}

INSTANTIATE_TEST_SUITE_P(Table, Bursts,
                         ::testing::Values(burst_case{1, 1}, burst_case{2, 1}, burst_case{64, 1}, burst_case{65, 2},
                                           burst_case{200, 4}));

// A handler that takes its time: what comes behind it is not read, and nothing is lost.
TEST(BusyHandlers, MakeTheClientWait) {
    std::vector<std::string> handled;
    service s({.hub = {.limits = {.messages_per_second = 1e6,
                                  .message_burst = 1'000'000,
                                  .messages_per_second_per_user = 1e6,
                                  .max_pending_messages = 4}}});
    s.at.on_message("work", [&](client_id, message m) -> awaitable<void> {
        co_await s.time.sleep_for(1s);
        handled.push_back(std::string(m.data.as_string()));
    });
    auto anna = raw_client::joined(s);
    for (int n = 0; n < 20; ++n)
        anna.say(R"({"type":"work","data":")" + std::to_string(n) + "\"}");
    for (int i = 0; i < 60 && handled.size() < 20; ++i)
        s.advance(1s);
    ASSERT_EQ(handled.size(), 20u);
    for (int n = 0; n < 20; ++n)
        EXPECT_EQ(handled[static_cast<std::size_t>(n)], std::to_string(n));
    EXPECT_EQ(s.sockets->connections(), 1u);
}

// Its answers to pings lie unread.
TEST(BusyHandlers, AreNotTakenForAClientsSilence) {
    service s({.hub = {.limits = {.max_pending_messages = 1, .handler_time = 100s}}});
    s.at.on_message("work", [&](client_id, message) -> awaitable<void> { co_await s.time.sleep_for(60s); });
    auto anna = raw_client::joined(s);
    for (int n = 0; n < 3; ++n)
        anna.say(R"({"type":"work"})");
    for (int i = 0; i < 59; ++i) {
        s.advance(1s);
        for (const auto& f : anna.read_all())
            if (f.what == kind::ping)
                anna.say(opcode::pong, f.bytes);
    }
    EXPECT_EQ(s.sockets->connections(), 1u);
}

TEST(BusyHandlers, DoNotHideAClose) {
    service s({.hub = {.limits = {.max_pending_messages = 1}}});
    s.at.on_message("work", [&](client_id, message) -> awaitable<void> { co_await s.time.sleep_for(20s); });
    auto anna = raw_client::joined(s);
    for (int n = 0; n < 3; ++n)
        anna.say(R"({"type":"work"})");
    anna.say_close(1000);
    s.turn();
    s.at.disconnect(s.at.get_connected_clients().at(0));
    EXPECT_EQ(anna.read_to_close(), close_code::disconnected);
    EXPECT_TRUE(anna.ends());
}

} // namespace
} // namespace infra::realtime::websocket
