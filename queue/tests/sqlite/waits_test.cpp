#include "recorded_disk.hpp"
#include "support.hpp"

// Those who wait are given what a transaction brings, once that is committed.

namespace infra::queue::tests {
namespace {

/// So many writes fail: of the first transaction, which is tried again, or of all.
class SqliteWaits : public ::testing::TestWithParam<std::size_t> {
protected:
    ~SqliteWaits() override { loop.await(stored->stop(deadline::after(30s))); }

    template <class T>
    std::shared_ptr<pending<T>> begin_to_wait(awaitable<T> operation) {
        auto begun = loop.start(std::move(operation));
        loop.await(stored->counts({})); // behind it
        loop.settle();
        EXPECT_FALSE(begun->ended);
        return begun;
    }

    /// True if it was done all the same.
    template <class T>
    bool on_a_disk_that_fails(awaitable<T> operation) {
        disk.fail(SQLITE_FULL, 0, GetParam());
        const auto code = loop.code_of(std::move(operation));
        disk.fail(SQLITE_OK, 0, 0);
        EXPECT_TRUE(!code || code == errc::unavailable) << code.message();
        loop.await(stored->counts({}));
        loop.settle();
        return !code;
    }

    change_request cancel() const { return {.what = job_change::cancel, .jobs = {{"mail", "a"}}, .now = t0}; }

    recorded_disk disk;
    temporary_folder folder;
    test_loop loop;
    manual_clock time;
    std::shared_ptr<backend> stored = make_sqlite_backend({.file = folder / "queue.db"});
};

TEST_P(SqliteWaits, GiveAClaimOnlyWhatIsItsOwn) {
    time.set_wall(t0);
    const auto claiming = begin_to_wait(stored->claim(
        {.queues = {"mail"}, .max = 1, .worker = "w", .lease = 10s, .now = t0, .wait = true, .time = &time}));
    if (!on_a_disk_that_fails(stored->enqueue({make_job("a")}))) {
        EXPECT_FALSE(claiming->ended);
        loop.await(stored->enqueue({make_job("a")}));
    }
    ASSERT_TRUE(loop.until([&] { return claiming->ended; }));
    ASSERT_EQ(ids_of(*claiming->value), ids{"a"});
    EXPECT_EQ(loop.await(stored->extend({claiming->value->jobs[0].held}, 10s, t0)), std::vector{renewal::held});
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0).active, 1u);
}

TEST_P(SqliteWaits, TellOfAnEndThatIsRecorded) {
    loop.await(stored->enqueue({make_job("a")}));
    const auto waiting = begin_to_wait(stored->wait_for_end({"mail", "a"}));
    if (!on_a_disk_that_fails(stored->change(cancel()))) {
        EXPECT_FALSE(waiting->ended);
        loop.await(stored->change(cancel()));
    }
    ASSERT_TRUE(loop.until([&] { return waiting->ended; }));
    ASSERT_TRUE(*waiting->value);
    EXPECT_EQ((*waiting->value)->failed_reason, cancelled_reason);
}

TEST_P(SqliteWaits, ShowEventsThatAreRecorded) {
    events_request request{.queue = "mail", .now = t0};
    request.cursor = loop.await(stored->events(request)).next;
    const auto following = begin_to_wait(stored->events(request));
    if (!on_a_disk_that_fails(stored->enqueue({make_job("lost")}))) {
        EXPECT_FALSE(following->ended);
        loop.await(stored->enqueue({make_job("kept")}));
    }
    ASSERT_TRUE(loop.until([&] { return following->ended; }));
    ASSERT_EQ(following->value->events.size(), 1u);
    EXPECT_EQ(following->value->events[0].id, loop.await(stored->list({.max = 1})).jobs.at(0).id);
    EXPECT_FALSE(following->value->missed);
}

INSTANTIATE_TEST_SUITE_P(SomeWritesFail, SqliteWaits, ::testing::Values(1, 1000),
                         [](const auto& info) { return info.param == 1 ? "One" : "All"; });

} // namespace
} // namespace infra::queue::tests
