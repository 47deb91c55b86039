// What a multiplexer does for whom a replica refused something.

#include "src/multiplexer.hpp"

#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

reply text(std::string t) { return reply(std::move(t)); }

class MultiplexerRefusal : public ::testing::Test {
protected:
    struct caller {
        explicit caller(std::initializer_list<command> what) : commands(what), replies(commands.size()) {
            r.commands = commands;
            r.replies = replies;
        }
        std::vector<command> commands;
        std::vector<reply> replies;
        request r;
    };

    ~MultiplexerRefusal() override {
        for (auto* const each : {&one, &other})
            m.forget(each->r);
    }
    void write() { m.written(m.to_write().size()); }
    void refuse() {
        m.refuse_oldest();
        m.answer(reply("READONLY", reply::kind::error));
    }
    void expect_no_room_taken() {
        EXPECT_EQ(m.commands(), 0u);
        EXPECT_EQ(m.bytes(), 0u);
        EXPECT_TRUE(m.is_idle());
        EXPECT_EQ(m.callers(), 0u);
    }

    multiplexer m{{.max_commands = 2}};
    caller one{{"GET", "k"}, {"INCR", "n"}};
    caller other{{"GET", "k"}, {"GET", "k"}};
};

TEST_F(MultiplexerRefusal, EndsNobodyBeforeItIsDecided) {
    m.add(one.r);
    write();
    m.answer(text("v"));
    refuse();
    EXPECT_EQ(m.next_finished(), nullptr);
    EXPECT_EQ(m.callers(), 1u);
    EXPECT_FALSE(m.is_idle());
    EXPECT_EQ(m.next_refused(), &one.r);
    EXPECT_EQ(m.next_refused(), nullptr);
    m.settle(one.r);
    EXPECT_EQ(m.next_finished(), &one.r);
    EXPECT_FALSE(one.r.failure);
    EXPECT_EQ(one.replies[1].error_code(), "READONLY");
    expect_no_room_taken();
}

TEST_F(MultiplexerRefusal, CountsOfWhatIsSentAgainOnlyWhatIsNotAnswered) {
    m.add(one.r);
    const auto bytes = m.bytes();
    write();
    m.answer(text("v"));
    refuse();
    m.send_again(*m.next_refused(), 1);
    EXPECT_EQ(m.commands(), 1u);
    EXPECT_EQ(m.bytes(), bytes - one.commands[0].encoded_size());
    m.lost(false);
    EXPECT_EQ(m.to_write(), "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n");
    write();
    m.answer(reply(std::int64_t{1}));
    EXPECT_EQ(m.next_finished(), &one.r);
    EXPECT_EQ(one.replies[0].as_text(), "v");
    EXPECT_EQ(one.replies[1].as_integer(), 1);
    expect_no_room_taken();
}

TEST_F(MultiplexerRefusal, KeepsNobodyOutWhomItHadLetIn) {
    m.add(one.r);
    write();
    m.answer(text("v"));
    refuse();
    EXPECT_TRUE(m.add(other.r)) << "the answers have made room";
    m.send_again(*m.next_refused(), 0);
    EXPECT_EQ(m.commands(), 4u);
    EXPECT_EQ(one.r.now, request::state::waiting);
    m.fail_all(errc::not_connected, errc::lost);
    while (m.next_finished())
        ;
    expect_no_room_taken();
}

TEST_F(MultiplexerRefusal, IsRememberedWhenTheConnectionIsLostBeforeTheOtherReplies) {
    caller refused_first{{"INCR", "n"}, {"GET", "k"}};
    m.add(refused_first.r);
    write();
    refuse();
    m.lost(false);
    write();
    m.answer(text("v"));
    EXPECT_EQ(m.next_finished(), nullptr);
    EXPECT_EQ(m.next_refused(), &refused_first.r);
    m.settle(refused_first.r);
    m.forget(refused_first.r);
}

TEST_F(MultiplexerRefusal, IsForgottenOnceItIsSentAgain) {
    m.add(one.r);
    write();
    m.answer(text("v"));
    refuse();
    m.send_again(*m.next_refused(), 0);
    write();
    m.answer(text("w"));
    m.answer(reply(std::int64_t{1}));
    EXPECT_EQ(m.next_refused(), nullptr);
    EXPECT_EQ(m.next_finished(), &one.r);
    EXPECT_EQ(one.replies[0].as_text(), "w");
    expect_no_room_taken();
}

TEST_F(MultiplexerRefusal, KeepsThePlaceBeforeThoseWhoCameLater) {
    multiplexer all;
    caller first{{"INCR", "1"}}, second{{"INCR", "2"}}, third{{"GET", "3"}}, fourth{{"INCR", "4"}};
    for (auto* const each : {&first, &second, &third})
        all.add(each->r);
    all.written(all.to_write().size());
    all.add(fourth.r); // before any answer
    for (int i = 0; i < 2; ++i) {
        all.refuse_oldest();
        all.answer(reply("LOADING", reply::kind::error));
        all.send_again(*all.next_refused(), 0);
    }
    all.lost(false);
    std::string written;
    for (auto* const each : {&first, &second, &third, &fourth})
        each->commands.front().encode_to(written);
    EXPECT_EQ(all.to_write(), written);
    for (auto* const each : {&first, &second, &third, &fourth})
        all.forget(each->r);
}

TEST_F(MultiplexerRefusal, KeepsThePlaceAlsoOfWhoIsRefusedAgain) {
    multiplexer all{{.block_bytes = 1}};
    caller first{{"INCR", "1"}}, second{{"INCR", "2"}}, third{{"INCR", "3"}};
    const auto refuse_all = [&] {
        while (all.owes_answers()) {
            all.refuse_oldest();
            all.answer(reply("LOADING", reply::kind::error));
        }
        while (auto* const each = all.next_refused())
            all.send_again(*each, 0);
    };
    all.add(first.r);
    all.add(second.r);
    for (int i = 0; i < 2; ++i)
        all.written(all.to_write().size());
    refuse_all();
    all.add(third.r);
    all.written(all.to_write().size()); // the first alone
    refuse_all();
    std::string order;
    for (int i = 0; i < 3; ++i) {
        const auto block = all.to_write();
        order += block[block.size() - 3];
        all.written(block.size());
    }
    EXPECT_EQ(order, "123");
    for (auto* const each : {&first, &second, &third})
        all.forget(each->r);
}

TEST_F(MultiplexerRefusal, LetsAQuestionOfItsOwnGoBeforeAllWhoWait) {
    caller ping{{"PING"}};
    m.add(one.r);
    m.add_alone(ping.r);
    EXPECT_TRUE(m.in_block());
    EXPECT_EQ(m.to_write(), "*1\r\n$4\r\nPING\r\n");
    write();
    EXPECT_FALSE(m.in_block());
    m.answer(text("PONG"));
    EXPECT_EQ(m.next_finished(), &ping.r);
    EXPECT_EQ(m.waiting(), 1u);
    m.cancel(one.r, errc::not_connected);
    EXPECT_EQ(m.next_finished(), &one.r);
    expect_no_room_taken();
}

TEST_F(MultiplexerRefusal, MayBeCancelledOrForgottenAtAnyPoint) {
    for (const bool taken : {false, true}) {
        for (const bool forgotten : {false, true}) {
            caller c{{"INCR", "n"}};
            m.add(c.r);
            write();
            refuse();
            if (taken)
                m.next_refused();
            if (!forgotten) {
                m.cancel(c.r, boost::asio::error::operation_aborted);
                EXPECT_EQ(m.next_finished(), &c.r);
            }
            m.forget(c.r);
            EXPECT_EQ(m.next_refused(), nullptr);
            expect_no_room_taken();
        }
    }
}

} // namespace
} // namespace infra::redis::detail
