#include "file_fixture.hpp"

#include <infra/base/with_deadline.hpp>

#include <atomic>
#include <thread>

// What the file may be to several at once: locked, and more than may wait for it.

namespace infra::queue::tests {
namespace {

TEST_F(SqliteFile, LockedTooLongIsUnavailableUntilItIsFree) {
    const auto stored = open({.busy_timeout = 20ms});
    EXPECT_FALSE(add(stored, "a"));
    std::optional<write_lock> other(file());
    EXPECT_EQ(add(stored, "b"), errc::unavailable);
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, 1u) << "reading needs no lock";
    other.reset();
    EXPECT_FALSE(add(stored, "b"));
}

TEST_F(SqliteFile, LockedForAMomentIsWaitedFor) {
    const auto stored = open({.busy_timeout = 30s});
    EXPECT_FALSE(add(stored, "a"));
    std::optional<write_lock> other(file());
    const auto adding = loop.start(stored->enqueue({make_job("b")}));
    for (int i = 0; i < 10; ++i)
        loop.settle();
    EXPECT_FALSE(adding->ended);
    other.reset();
    EXPECT_TRUE(loop.until([&] { return adding->ended; }));
    EXPECT_FALSE(adding->failure);
}

TEST_F(SqliteFile, LockedDoesNotHoldUpDestruction) {
    auto stored = open({.busy_timeout = 1h});
    EXPECT_FALSE(add(stored, "a"));
    std::optional<write_lock> other(file());
    const auto adding = loop.start(stored->enqueue({make_job("b")}));
    loop.settle();
    stored.reset();
    EXPECT_TRUE(loop.until([&] { return adding->ended; }));
}

TEST_F(SqliteFile, LockedDoesNotHoldUpACallerThatGivesUp) {
    const auto stored = open({.busy_timeout = 1h});
    EXPECT_FALSE(add(stored, "a"));
    std::optional<write_lock> other(file());
    EXPECT_EQ(loop.code_of(with_deadline(stored->enqueue({make_job("b")}), deadline::after(5ms))),
              infra::errc::timed_out);
    other.reset();
    EXPECT_FALSE(add(stored, "b")) << "repeated with its id, it is there once";
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, 2u);
}

TEST_F(SqliteFile, StoresExactlyWhatItAcknowledgedWhenManyThreadsAddMoreThanMayWait) {
    const auto stored = open({.max_waiting = 8});
    std::atomic<std::size_t> acknowledged = 0, refused = 0;
    const auto add_many = [&](int thread) {
        test_loop own;
        std::vector<std::shared_ptr<pending<std::vector<added_job>>>> adds;
        for (int i = 0; i < 200; ++i) {
            adds.push_back(own.start(stored->enqueue({make_job(std::to_string(thread) + "-" + std::to_string(i))})));
            own.settle();
        }
        for (const auto& each : adds) {
            ASSERT_TRUE(own.until([&] { return each->ended; }));
            if (each->failure) {
                EXPECT_EQ(infra::code_of(each->failure), infra::errc::overloaded);
            }
            ++(each->failure ? refused : acknowledged);
        }
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back(add_many, i);
    }
    EXPECT_EQ(acknowledged + refused, 800u);
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).waiting, acknowledged);
    expect_sound(file());
}

TEST_F(SqliteFile, IsMadeOnceWhenSeveralBegin) {
    std::vector<std::shared_ptr<backend>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(open({.busy_timeout = 30s}));
    std::vector<std::shared_ptr<pending<std::vector<added_job>>>> adds;
    for (std::size_t i = 0; i < all.size(); ++i)
        adds.push_back(loop.start(all[i]->enqueue({make_job("a" + std::to_string(i))})));
    EXPECT_TRUE(loop.until([&] { return std::ranges::all_of(adds, [](const auto& each) { return each->ended; }); }));
    for (const auto& each : adds)
        EXPECT_EQ(describe(each->failure), "");
    EXPECT_EQ(loop.await(all[0]->counts({"mail"})).at(0).waiting, 8u);
}

} // namespace
} // namespace infra::queue::tests
