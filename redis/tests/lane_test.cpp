#include "src/lane.hpp"

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <infra/runtime/event_loop.hpp>

#include <gtest/gtest.h>

#include <future>

namespace infra::redis {
namespace {

/// Somebody who is not on the client's loop, and owns the time.
class RedisFromElsewhere : public ::testing::Test {
protected:
    ~RedisFromElsewhere() override { far.stop(); }

    std::shared_ptr<client> client_of(options to) {
        return std::make_shared<client>(std::vector{far.get_executor()}, std::move(to), time);
    }

    /// The client's loop does nothing until this has gone.
    class standstill {
    public:
        explicit standstill(event_loop& of) {
            auto begun = std::make_shared<std::promise<void>>();
            asio::post(of.get_executor(), [begun, until = end_.get_future().share()] {
                begun->set_value();
                until.wait();
            });
            begun->get_future().wait();
        }
        ~standstill() { end_.set_value(); }
        standstill(const standstill&) = delete;
        standstill& operator=(const standstill&) = delete;

    private:
        std::promise<void> end_;
    };

    manual_clock time;
    event_loop far; // outlives the client, whom callers on the other loop may keep
    test_loop loop;
    impostor silent{loop.get_executor(), hello_answer};
};

constexpr auto default_and_way_back = 3s;

TEST_F(RedisFromElsewhere, IsToldThatWhatHadBegunMayHaveBeenExecuted) {
    far.start();
    const auto redis = client_of(silent.to());
    const auto asked = loop.spawn(redis->execute({"INCR", "n"}));
    loop.until([&] { return redis->status().connections == 1 && redis->status().commands == 1; });
    const standstill stands(far);
    time.advance(default_and_way_back);
    loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->code(), errc::unanswered);
    EXPECT_NE(asked->what().find("may have been sent and executed"), std::string::npos) << asked->what();
}

TEST_F(RedisFromElsewhere, IsToldTheSameWhenHeCancels) {
    far.start();
    const auto redis = client_of(silent.to());
    asio::cancellation_signal stop;
    const auto asked = loop.spawn(redis->execute({"INCR", "n"}), stop.slot());
    loop.until([&] { return redis->status().commands == 1; });
    const standstill stands(far);
    loop.cancel(stop);
    loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->code(), asio::error::operation_aborted);
    EXPECT_NE(asked->what().find("may have been sent and executed"), std::string::npos) << asked->what();
}

TEST_F(RedisFromElsewhere, HasNothingDoneThatHeWasToldWasNot) {
    if (!server::installed())
        GTEST_SKIP() << server::how_to_install;
    const server one({}, false);
    const auto redis = client_of(one.over_socket());
    asio::cancellation_signal stop;
    const auto late = loop.spawn(redis->execute({"INCR", "n"}));
    const auto cancelled = loop.spawn(redis->execute({"INCR", "n"}, deadline::never()), stop.slot());
    loop.settle();
    time.advance(default_and_way_back);
    loop.cancel(stop);
    loop.until([&] { return late->done() && cancelled->done(); });
    EXPECT_EQ(late->code(), infra::errc::timed_out);
    EXPECT_NE(late->what().find("before it was sent"), std::string::npos) << late->what();
    EXPECT_NE(cancelled->what().find("cancelled before it was sent"), std::string::npos) << cancelled->what();
    far.start();
    EXPECT_EQ(loop.get(redis->execute<std::optional<int>>({"GET", "n"})), std::nullopt);
}

TEST_F(RedisFromElsewhere, HasNothingDoneAfterTheEnd) {
    if (!server::installed())
        GTEST_SKIP() << server::how_to_install;
    const server one({}, false);
    const auto redis = client_of(one.over_socket());
    const auto asked = loop.spawn(redis->execute({"INCR", "n"}, deadline::never()));
    const auto stopped = loop.spawn(redis->stop(deadline(time.steady() + 1s)));
    loop.settle();
    EXPECT_FALSE(stopped->done()) << "there is a letter";
    time.advance(1s);
    loop.settle();
    time.advance(200ms); // for a loop that does not turn
    loop.until([&] { return stopped->done(); });
    far.start();
    loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->code(), infra::errc::closed) << asked->what();
    EXPECT_EQ(redis->status().connections, 0u);
    const client direct({loop.get_executor()}, one.over_socket());
    EXPECT_EQ(loop.get(direct.execute<std::optional<int>>({"GET", "n"})), std::nullopt);
}

TEST_F(RedisFromElsewhere, StopsThoughALoopStandsStill) {
    far.start();
    const auto redis = client_of(silent.to());
    const auto asked = loop.spawn(redis->execute({"INCR", "n"}));
    loop.until([&] { return redis->status().connections == 1; });
    std::optional<standstill> stands(far);
    const auto stopped = loop.spawn(redis->stop(deadline(time.steady() + 10ms)));
    loop.settle();
    time.advance(10ms);
    loop.settle();
    time.advance(200ms);
    loop.until([&] { return stopped->done(); });
    stands.reset();
    loop.until([&] { return asked->done(); });
    EXPECT_EQ(asked->code(), errc::lost) << asked->what();
}

// --- The mailbox ----------------------------------------------------------------------------------------------------

TEST_F(RedisFromElsewhere, IsRefusedWhereTooMuchLiesUnread) {
    auto to = silent.to();
    to.max_queued_bytes = 10'000;
    const auto redis = client_of(to);
    std::vector<std::shared_ptr<outcome<reply>>> all;
    for (int i = 0; i < 3; ++i)
        all.push_back(loop.spawn(redis->execute({"SET", "k", std::string(4'000, 'x')})));
    loop.settle();
    EXPECT_FALSE(all[0]->done() || all[1]->done());
    EXPECT_EQ(all[2]->code(), infra::errc::overloaded);
    EXPECT_NE(all[2]->what().find("max_queued_bytes"), std::string::npos) << all[2]->what();
}

awaitable<int> seven() { co_return 7; }

TEST_F(RedisFromElsewhere, AlwaysFindsRoomForAnEnd) {
    const auto shared = std::make_shared<detail::common>(
        [] {
            options o;
            o.max_queued_commands = 1;
            return o;
        }(),
        time);
    const auto there = std::make_shared<detail::lane>(far.get_executor(), shared);
    const std::function<awaitable<int>()> make = seven;
    const auto first = loop.spawn(there->call(make, deadline::never()));
    const auto second = loop.run(there->call(make, deadline::never()));
    EXPECT_EQ(second->code(), infra::errc::overloaded);
    std::promise<void> told;
    EXPECT_TRUE(there->post([&] { told.set_value(); }));
    far.start();
    loop.until([&] { return first->done(); });
    EXPECT_EQ(first->value, 7);
    told.get_future().wait();
    there->let_go();
    EXPECT_EQ(loop.run(there->call(make, deadline::never()))->code(), infra::errc::closed) << "which is not full";
}

} // namespace
} // namespace infra::redis
