#include "src/sqlite/ends.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

using sqlite::end_watch;

TEST(SqliteEndWatch, WatchesAsLongAsSomebodyHoldsATicket) {
    end_watch ends;
    EXPECT_FALSE(ends.watches(7));
    auto first = ends.watch(7), second = ends.watch(7);
    first.reset();
    EXPECT_TRUE(ends.watches(7));
    EXPECT_FALSE(ends.watches(8));
    second.reset();
    EXPECT_FALSE(ends.watches(7));
}

TEST(SqliteEndWatch, KeepsItsTicketsWhenItForgetsThoseWhoAreGone) {
    end_watch ends;
    const auto kept = ends.watch(1);
    for (std::int64_t seq = 2; seq < 1000; ++seq)
        ends.watch(seq);
    EXPECT_TRUE(ends.watches(1));
    EXPECT_FALSE(ends.watches(999));
}

TEST(SqliteEndWatch, KnowsTheEndsOfItsTransactionButForThoseUndone) {
    end_watch ends;
    ends.add({.seq = 1, .job = job_info{.id = "a"}});
    ends.mark();
    ends.add({.seq = 2});
    EXPECT_FALSE(ends.find(2)->job) << "removed";
    ends.undo();
    EXPECT_EQ(ends.find(2), nullptr);
    EXPECT_EQ(ends.find(1)->job->id, "a");
    ends.clear();
    EXPECT_EQ(ends.find(1), nullptr);
}

// Waits of a whole process, and a job that is forgotten as it ends.
TEST(SqliteEnds, AreToldToAllWhoWaitInTheTransactionThatRecordsThem) {
    test_loop loop;
    temporary_folder folder;
    const auto stored = make_sqlite_backend({.file = folder / "queue.db", .poll = 1min});
    loop.await(stored->enqueue({make_job("a"), make_job("b")}));
    std::vector<std::shared_ptr<pending<std::optional<job_info>>>> waits;
    for (int i = 0; i < 100; ++i)
        waits.push_back(loop.start(stored->wait_for_end({"mail", i % 2 == 0 ? "a" : "b"})));
    loop.settle();
    const auto taken = loop.await(stored->claim({.queues = {"mail"}, .max = 2, .worker = "me", .now = t0}));
    std::vector<outcome> ends;
    for (const auto& job : taken.jobs)
        ends.push_back({.held = job.held, .result = '"' + job.held.job.id + '"', .at = t0, .keep = {.count = 0}});
    loop.await(stored->finish(std::move(ends)));
    ASSERT_TRUE(loop.until([&] { return std::ranges::all_of(waits, [](const auto& each) { return each->ended; }); }));
    for (std::size_t i = 0; i < waits.size(); ++i)
        EXPECT_EQ(waits[i]->value->value().result, i % 2 == 0 ? R"("a")" : R"("b")");
    EXPECT_EQ(ask(folder / "queue.db", "SELECT count(*) FROM infra_jobs"), "0");
    loop.await(stored->stop(deadline::after(30s)));
    expect_sound(folder / "queue.db");
}

} // namespace
} // namespace infra::queue::tests
