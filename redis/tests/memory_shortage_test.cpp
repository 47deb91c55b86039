// What becomes of callers where an allocation fails.

#include "src/multiplexer.hpp"
#include "src/supervisor.hpp"

#include "tests/on_a_server.hpp"

#include "memory_shortage.hpp"

#include <infra/redis/errc.hpp>

#include <boost/asio/post.hpp>

#include <list>

#ifdef INFRA_TESTS_RUN_SHORT_OF_MEMORY

namespace infra::redis::detail {
namespace {

reply text(std::string t) { return reply(std::move(t)); }

struct caller {
    explicit caller(command what) : commands{std::move(what)} {
        r.commands = commands;
        r.replies = replies;
    }
    std::vector<command> commands;
    std::vector<reply> replies{1};
    request r{};
};

class RedisWithoutMemory : public ::testing::Test {
protected:
    caller& ask(command what, steady_time by = steady_time::max()) {
        auto& c = all.emplace_back(std::move(what));
        c.r.limit = deadline(by);
        m.add(c.r);
        return c;
    }
    void TearDown() override {
        for (auto& each : all)
            m.forget(each.r);
        m.lost(true); // whose places stay until then
        EXPECT_EQ(m.commands(), 0u);
        EXPECT_EQ(m.bytes(), 0u);
        EXPECT_EQ(m.callers(), 0u);
    }

    std::list<caller> all;
    multiplexer m;
};

TEST_F(RedisWithoutMemory, WhoCannotBeSentEndsAndTheOthersAreSent) {
    const auto& large = ask({"SET", "k", std::string(1 << 20, 'v')});
    const auto& small = ask({"GET", "k"});
    {
        const testing::shortage begun(0);
        EXPECT_TRUE(m.to_write().empty());
    }
    EXPECT_EQ(m.next_finished(), &large.r);
    EXPECT_EQ(large.r.failure, boost::system::errc::not_enough_memory);
    EXPECT_FALSE(may_have_been_executed(large.r.failure));
    EXPECT_EQ(m.next_finished(), &small.r);
    const auto& later = ask({"GET", "k"});
    EXPECT_EQ(m.to_write(), "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    m.written(m.to_write().size());
    EXPECT_TRUE(m.answer(text("v")));
    EXPECT_EQ(m.next_finished(), &later.r);
    EXPECT_EQ(later.replies[0].as_text(), "v");
}

TEST_F(RedisWithoutMemory, WritesWholeCommandsWhicheverAllocationFails) {
    for (long so_many = 0; so_many < 40; ++so_many) {
        for (int i = 0; i < 60; ++i)
            ask({"SET", "key:" + std::to_string(i), std::string(static_cast<std::size_t>(i * 20), 'v')});
        ask({"SET", "large", std::string(1 << 20, 'v')}); // the space it takes is not kept
        std::string_view bytes;
        {
            const testing::shortage begun(so_many);
            bytes = m.to_write();
        }
        std::size_t left = 0, ended = 0;
        for (const auto& each : all)
            left += each.r.now == request::state::in_flight ? each.commands[0].encoded_size() : 0;
        EXPECT_EQ(bytes.size(), left);
        m.written(bytes.size());
        while (m.owes_answers())
            m.answer(text("OK"));
        while (m.next_finished())
            ++ended;
        EXPECT_EQ(ended, all.size()) << "nobody is left behind";
        all.clear();
    }
}

TEST_F(RedisWithoutMemory, SendsAgainWhatItWouldOtherwise) {
    const auto& counts = ask({"INCR", "n"});
    const auto& reads = ask({"GET", "k"});
    m.written(m.to_write().size());
    const auto& unsent = ask({"INCR", "n"});
    {
        const testing::shortage begun(0);
        m.lost(false);
    }
    EXPECT_EQ(m.next_finished(), &counts.r);
    EXPECT_EQ(counts.r.failure, errc::lost);
    EXPECT_EQ(reads.r.now, request::state::waiting);
    EXPECT_EQ(unsent.r.now, request::state::waiting);
    EXPECT_EQ(m.to_write(), "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n");
}

TEST_F(RedisWithoutMemory, KeepsDeadlines) {
    const steady_time noon{std::chrono::hours(12)};
    const auto& sent = ask({"GET", "a"}, noon);
    m.written(m.to_write().size());
    const auto& waits = ask({"GET", "b"}, noon);
    {
        const testing::shortage begun(0);
        m.expire(noon, errc::not_connected);
    }
    EXPECT_EQ(m.next_finished(), &sent.r);
    EXPECT_EQ(m.next_finished(), &waits.r);
}

// --- A connection ----------------------------------------------------------------------------------------------------

class RedisConnectionWithoutMemory : public on_a_server {};

awaitable<std::string> get(std::shared_ptr<pipeline> at, command c) {
    std::vector<command> words{std::move(c)};
    std::vector<reply> into(1);
    const auto now = at->shared().time().steady();
    waiter w(*at, words, into, deadline::after(10s, now), now);
    co_await w.done();
    w.throw_failure();
    co_return into[0].as_text();
}

TEST_F(RedisConnectionWithoutMemory, IsMadeAnewWhicheverAllocationFailsWhenItIsLost) {
    tell({"SET", "k", "v"});
    const auto shared = std::make_shared<common>(one->over_socket(), real_clock());
    const auto subject = std::make_shared<pipeline>(loop.get_executor(), shared);
    std::size_t told = 0;
    shared->present.tell([&](const address&, presence::change what) {
        const std::string needs_memory(100, 'x');
        told += what == presence::change::went && !needs_memory.empty() ? 1 : 0;
    });
    keep_connected(subject);
    long failed = 0;
    for (bool fell_short = true; fell_short; ++failed) {
        loop.until([&] { return subject->attached(); });
        one->pause(); // nothing is answered before it is lost
        const auto asked = loop.spawn(get(subject, {"GET", "k"}));
        loop.until([&] { return subject->owes_answers(); });
        std::string why = "the test cuts it, and says so at a length that needs memory";
        try {
            const testing::shortage begun(failed);
            subject->drop(std::move(why));
        } catch (const std::bad_alloc&) { // what the loop is told goes on all the same
        }
        fell_short = testing::shortage::felt();
        one->proceed();
        loop.until([&] { return asked->done(); });
        EXPECT_EQ(asked->value, "v") << failed << ": " << asked->what();
    }
    EXPECT_GT(told, 0u);
    EXPECT_GT(failed, 1);
    asio::post(loop.get_executor(), [&] { subject->close(); });
    loop.settle();
}

// What a reply is too large for ends whoever asked, and nobody else.
TEST_F(RedisConnectionWithoutMemory, AnswersOrEndsWhicheverAllocationFailsWhileItReads) {
    tell({"SET", "k", std::string(1000, 'v')});
    const auto shared = std::make_shared<common>(one->over_socket(), real_clock());
    const auto subject = std::make_shared<pipeline>(loop.get_executor(), shared);
    keep_connected(subject);
    long failed = 0;
    std::size_t too_large = 0;
    for (bool fell_short = true; fell_short; ++failed) {
        loop.until([&] { return subject->attached(); });
        one->pause();
        const auto whole = loop.spawn(get(subject, {"GET", "k"}));
        const auto first = loop.spawn(get(subject, {"GETRANGE", "k", 0, 0}));
        loop.until([&] { return subject->owes_answers(); });
        one->proceed();
        {
            const testing::shortage begun(failed);
            for (int i = 0; i < 1000 && subject->attached() && subject->owes_answers(); ++i) {
                loop.io.restart();
                loop.io.run_one_for(5ms);
            }
        }
        fell_short = testing::shortage::felt();
        loop.until([&] { return whole->done() && first->done(); });
        too_large += whole->code() == errc::too_large;
    }
    EXPECT_GT(failed, 2);
    EXPECT_GT(too_large, 0u);
    const auto after = loop.get(get(subject, {"GETRANGE", "k", 0, 0}));
    EXPECT_EQ(after, "v");
    asio::post(loop.get_executor(), [&] { subject->close(); });
    loop.settle();
}

} // namespace
} // namespace infra::redis::detail

#endif
