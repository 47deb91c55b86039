// What groups are for: many jobs of one, few of another.

#include "src/sqlite/groups.hpp"
#include "src/sqlite/verbs.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

class SqliteGroups : public ::testing::Test {
protected:
    ~SqliteGroups() override {
        loop.code_of(stored->stop(deadline::after(30s)));
        expect_sound(options.file);
    }

    void add(const std::string& group, std::size_t number) {
        constexpr std::size_t at_once = 5000;
        for (std::size_t added = 0; added < number; added += at_once) {
            std::vector<new_job> jobs(std::min(at_once, number - added), make_job(""));
            for (auto& each : jobs)
                each.group = group;
            loop.await(stored->enqueue(std::move(jobs)));
        }
    }

    std::vector<std::string> groups_of(const claim_result& taken) {
        std::vector<job_key> keys;
        for (const auto& each : taken.jobs)
            keys.push_back(each.held.job);
        std::vector<std::string> groups;
        for (const auto& each : loop.await(stored->get(std::move(keys))))
            groups.push_back(each.value().group);
        return groups;
    }

    claim_result claim(std::size_t max) {
        return loop.await(stored->claim({.queues = {"mail"}, .max = max, .worker = "w", .now = t0}));
    }

    temporary_folder folder;
    sqlite_options options{.file = folder / "queue.db", .durability = durability::normal};
    test_loop loop;
    std::shared_ptr<backend> stored = make_sqlite_backend(options);
};

TEST_F(SqliteGroups, ManyJobsOfOneDelayNoOtherByMoreThanATurn) {
    add("big", 100'000);
    claim(7);
    add("small", 2);
    add("other", 1);
    EXPECT_EQ(groups_of(claim(6)), (std::vector<std::string>{"big", "small", "other", "big", "small", "big"}));
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_waiting"), "1"); // the one that stands in line
}

TEST_F(SqliteGroups, LeaveNothingBehind) {
    add("a", 3);
    add("b", 2);
    std::vector<outcome> outcomes;
    for (const auto& each : claim(10).jobs)
        outcomes.push_back({.held = each.held, .at = t0, .keep = {.count = 0}});
    loop.await(stored->finish(std::move(outcomes)));
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_groups"), "0");
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_grouped"), "0");
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_waiting"), "0");
}

// Who asked for new limits is gone before all groups have heard of them: who claims goes on with it.
TEST_F(SqliteGroups, HearOfNewLimitsAlsoFromWhoClaims) {
    std::vector<new_job> jobs(3000, make_job(""));
    for (std::size_t i = 0; i < jobs.size(); ++i)
        jobs[i].group = "g" + std::to_string(i / 2);
    loop.await(stored->enqueue(std::move(jobs)));
    loop.await(stored->configure({.queue = "mail", .per_group = group_limits{.concurrency = 1}, .now = t0}));
    EXPECT_EQ(claim(5000).jobs.size(), 1500u);
    ask(options.file, "UPDATE infra_queues SET unsettled_after = '', unsettled_windows = 1, group_concurrency = 0");
    EXPECT_EQ(claim(5000).jobs.size(), 1000u); // so many groups have heard of them
    EXPECT_EQ(claim(5000).jobs.size(), 500u);
    EXPECT_EQ(ask(options.file, "SELECT unsettled_after FROM infra_queues"), "none");
}

/// A queue "mail" as the store sees it, and how much work it makes for SQLite.
class SqliteGroupsCost : public ::testing::Test {
protected:
    SqliteGroupsCost() {
        sqlite::store made(options, give_up, alive);
        sqlite3_open(options.file.c_str(), &connection);
        sqlite3_exec(connection, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
        s.emplace(connection, options, alive);
        s->join();
        queue = &s->queues.get(s->db, "mail");
        s->queues.group_added();
    }
    ~SqliteGroupsCost() override {
        s.reset();
        sqlite3_close(connection);
    }

    /// So many groups that have each started a job a second before t0 and have no other; their windows end at `opens_at`.
    void make_groups(int number, wall_time opens_at) {
        sqlite::query(s->db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) INSERT INTO "
                             "infra_groups (queue, name, active, rate_from, rate_started, opens_at) SELECT ?1, 'g' || "
                             "i, 1, ?3, 1, ?4 FROM n")
            .bind(queue->id, number, to_unix_ms(t0 - 1s), to_unix_ms(opens_at))
            .run();
    }
    void forget_groups() { sqlite::query(s->db, "DELETE FROM infra_groups").run(); }

    /// Of SQLite's machine.
    template <class F>
    int steps_of(F f) {
        int steps = 0;
        const auto count = [](void* so_far) { return ++*static_cast<int*>(so_far), 0; };
        sqlite3_progress_handler(connection, 1, count, &steps);
        f();
        sqlite3_progress_handler(connection, 0, nullptr, nullptr);
        return steps;
    }
    /// To take one job of each of so many groups, each of a priority of its own.
    int steps_of_a_claim(int groups) {
        std::vector<new_job> jobs;
        for (int i = 0; i < groups; ++i) {
            jobs.push_back(make_job("", {.priority = i}));
            jobs.back().group = "g" + std::to_string(i);
        }
        sqlite::enqueue(*s, jobs);
        return steps_of([&] {
            EXPECT_EQ(std::ssize(sqlite::claim(*s, {.queues = {"mail"}, .max = 1000, .worker = "w", .now = t0}).jobs),
                      groups);
        });
    }
    std::int64_t closed() {
        sqlite::query q(s->db, "SELECT count(*) FROM infra_groups WHERE rate_from IS NOT NULL");
        return q.step() ? q.integer(0) : -1;
    }

    temporary_folder folder;
    sqlite_options options{.file = folder / "queue.db"};
    std::atomic<bool> give_up{false};
    sqlite::presence alive{options.file};
    sqlite3* connection = nullptr;
    std::optional<sqlite::store> s;
    sqlite::ledger::row* queue = nullptr;
};

TEST_F(SqliteGroupsCost, OfKnowingWhenTheNextOpensDoesNotGrowWithTheOthers) {
    make_groups(10'000, t0 + 1h);
    sqlite::query(s->db, "INSERT INTO infra_groups (queue, name, waiting, opens_at) VALUES (?1, 'later', 1, ?2), (?1, "
                         "'sooner', 1, ?3)")
        .bind(queue->id, to_unix_ms(t0 + 3h), to_unix_ms(t0 + 2h))
        .run();
    std::optional<std::int64_t> next;
    EXPECT_LT(steps_of([&] { next = sqlite::next_opening(*s, *queue); }), 100);
    EXPECT_EQ(next, to_unix_ms(t0 + 2h));
}

TEST_F(SqliteGroupsCost, OfAClaimGrowsWithWhatItTakes) {
    const auto few = steps_of_a_claim(100);
    EXPECT_LT(steps_of_a_claim(400), 5 * few);
}

TEST_F(SqliteGroupsCost, OfOpeningSomeDoesNotGrowWithThoseThatAreToBeOpened) {
    const auto open_some = [&] { sqlite::open_groups(*s, to_unix_ms(t0)); };
    make_groups(1001, t0);
    const auto few = steps_of(open_some);
    EXPECT_EQ(closed(), 1);
    forget_groups();
    make_groups(20'000, t0);
    EXPECT_LT(steps_of(open_some), few + few / 10);
    EXPECT_EQ(closed(), 19'000);
    forget_groups();
    make_groups(20'000, t0 + 1h);
    EXPECT_LT(steps_of(open_some), 100);
    EXPECT_LT(steps_of([&] { sqlite::open_groups(*s, to_unix_ms(t0 - 1h)); }), few + few / 10)
        << "the clock was put back";
    EXPECT_EQ(closed(), 19'000);
}

} // namespace
} // namespace infra::queue::tests
