#include "support.hpp"

// What lies in the file. What followers see is in events_conformance.hpp.

namespace infra::queue::tests {
namespace {

class SqliteEvents : public ::testing::Test {
protected:
    ~SqliteEvents() override {
        loop.await(stored->stop(deadline::after(30s)));
        expect_sound(file);
    }

    void add(const job_id& id, wall_time now = t0) {
        auto job = make_job(id);
        job.created_at = now;
        loop.await(stored->enqueue({job}));
    }
    events_page follow(std::string cursor, wall_time now = t0) {
        return loop.await(stored->events({.queue = "mail", .cursor = std::move(cursor), .now = now}));
    }
    std::string recorded() { return ask(file, "SELECT count(*) FROM infra_events"); }

    test_loop loop;
    temporary_folder folder;
    const std::filesystem::path file = folder / "queue.db";
    std::shared_ptr<backend> stored = make_sqlite_backend({.file = file});
};

TEST_F(SqliteEvents, AreWrittenOnlyWhileSomebodyFollows) {
    add("a");
    EXPECT_EQ(recorded(), "0");
    follow("");
    add("b");
    EXPECT_EQ(recorded(), "1");
    add("c", t0 + 10min);
    EXPECT_EQ(recorded(), "0") << "nobody asks for them any more";
    EXPECT_TRUE(follow("0", t0 + 10min).missed);
}

TEST_F(SqliteEvents, WriteDownFollowersWhoAskAgainAndAgainOnlyNowAndThen) {
    const auto until = [&] { return ask(file, "SELECT until FROM infra_followed"); };
    follow("", t0);
    const auto first = until();
    follow("", t0 + 10s);
    EXPECT_EQ(until(), first);
    follow("", t0 + 20s);
    EXPECT_NE(until(), first);
}

TEST_F(SqliteEvents, OfAnotherFileAreMissed) {
    follow("");
    add("a");
    const auto page = follow("12345");
    EXPECT_TRUE(page.missed);
    EXPECT_EQ(page.next, "1");
}

TEST_F(SqliteEvents, GoWithTheirQueue) {
    follow("");
    add("a");
    loop.await(stored->change({.what = job_change::remove, .jobs = {{"mail", "a"}}, .now = t0}));
    EXPECT_EQ(recorded(), "2");
    EXPECT_TRUE(loop.await(stored->forget_queue("mail")));
    EXPECT_EQ(recorded(), "0");
    EXPECT_EQ(ask(file, "SELECT count(*) FROM infra_followed"), "0");
}

} // namespace
} // namespace infra::queue::tests
