#include "support.hpp"

#include <infra/base/propagation.hpp>

#include <fstream>

namespace infra::queue::tests {
namespace {

constexpr auto traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// A file as version 1 left it, with two jobs that wait.
constexpr auto version_1 = R"(
    PRAGMA journal_mode = WAL;
    CREATE TABLE infra_queue (
        only_row       INTEGER PRIMARY KEY CHECK (only_row = 1),
        schema_version INTEGER NOT NULL,
        next_number    INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE infra_queues (
        id        INTEGER PRIMARY KEY,
        name      TEXT NOT NULL UNIQUE,
        waiting   INTEGER NOT NULL DEFAULT 0,
        delayed   INTEGER NOT NULL DEFAULT 0,
        active    INTEGER NOT NULL DEFAULT 0,
        completed INTEGER NOT NULL DEFAULT 0,
        failed    INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE infra_jobs (
        seq           INTEGER PRIMARY KEY,
        queue         INTEGER NOT NULL REFERENCES infra_queues (id),
        id            TEXT NOT NULL,
        state         INTEGER NOT NULL,
        priority      INTEGER NOT NULL,
        place         INTEGER NOT NULL,
        due_at        INTEGER,
        attempts_made INTEGER NOT NULL DEFAULT 0,
        fence         INTEGER NOT NULL DEFAULT 0,
        stalls        INTEGER NOT NULL DEFAULT 0,
        worker        TEXT,
        lease_until   INTEGER,
        started_at    INTEGER,
        finished_at   INTEGER,
        failed_reason TEXT,
        result        TEXT
    ) STRICT;
    CREATE UNIQUE INDEX infra_jobs_id ON infra_jobs (id, queue);
    CREATE INDEX infra_jobs_waiting ON infra_jobs (queue, priority, place) WHERE state = 0;
    CREATE INDEX infra_jobs_delayed ON infra_jobs (due_at) WHERE state = 1;
    CREATE INDEX infra_jobs_active ON infra_jobs (lease_until) WHERE state = 2;
    CREATE INDEX infra_jobs_completed ON infra_jobs (queue, finished_at) WHERE state = 3;
    CREATE INDEX infra_jobs_failed ON infra_jobs (queue, finished_at) WHERE state = 4;
    CREATE TABLE infra_payloads (
        seq                  INTEGER PRIMARY KEY REFERENCES infra_jobs (seq),
        name                 TEXT NOT NULL,
        data                 TEXT NOT NULL,
        traceparent          TEXT,
        created_at           INTEGER NOT NULL,
        lifo                 INTEGER NOT NULL,
        attempts             INTEGER NOT NULL,
        backoff              INTEGER NOT NULL,
        backoff_delay        INTEGER NOT NULL,
        backoff_max          INTEGER,
        backoff_jitter       REAL NOT NULL,
        timeout              INTEGER,
        keep_completed_count INTEGER,
        keep_completed_age   INTEGER,
        keep_failed_count    INTEGER,
        keep_failed_age      INTEGER
    ) STRICT;
    INSERT INTO infra_queue VALUES (1, 1, 3);
    INSERT INTO infra_queues (id, name, waiting) VALUES (1, 'mail', 2);
    INSERT INTO infra_jobs (seq, queue, id, state, priority, place) VALUES (1, 1, 'traced', 0, 0, 1),
                                                                           (2, 1, 'plain', 0, 0, 2);
    INSERT INTO infra_payloads VALUES
        (1, 'welcome', '{"n":1}', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
         1767225600000, 0, 3, 0, 0, NULL, 0.0, 5000, 1000, NULL, 5000, NULL),
        (2, 'welcome', '{"n":2}', NULL, 1767225600000, 0, 1, 0, 0, NULL, 0.0, NULL, NULL, NULL, NULL, NULL);
    )";

class SqliteSchema : public ::testing::Test {
protected:
    void make(const char* sql) {
        sqlite3* db = nullptr;
        sqlite3_open(file.c_str(), &db);
        char* problem = nullptr;
        EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, &problem), SQLITE_OK) << problem;
        sqlite3_close(db);
    }
    std::shared_ptr<backend> open() { return make_sqlite_backend({.file = file, .durability = durability::normal}); }
    claim_result claim(const std::shared_ptr<backend>& from) {
        return loop.await(from->claim({.queues = {"mail"}, .max = 10, .worker = "me", .now = t0}));
    }

    temporary_folder folder;
    const std::filesystem::path file = folder / "queue.db";
    test_loop loop;
};

TEST_F(SqliteSchema, OfVersion1IsBroughtUpToDateWithItsJobs) {
    make(version_1);
    const auto stored = open();
    const auto taken = claim(stored);
    ASSERT_EQ(ids_of(taken), (ids{"traced", "plain"}));
    EXPECT_EQ(from_carrier(taken.jobs[0].carrier).traceparent, traceparent);
    EXPECT_EQ(taken.jobs[1].carrier, "");
    EXPECT_EQ(taken.jobs[0].data, R"({"n":1})");
    EXPECT_EQ(taken.jobs[0].options.attempts, 3);
    EXPECT_EQ(taken.jobs[0].options.timeout, 5s);
    EXPECT_EQ(loop.await(stored->finish({{.held = taken.jobs[0].held, .at = t0}})), (std::vector{true}));
    loop.await(stored->stop(deadline::after(30s)));
    EXPECT_EQ(ask(file, "SELECT schema_version FROM infra_queue"), "8");
    expect_sound(file);
}

TEST_F(SqliteSchema, OfVersion1TakesNewJobsBesideTheOldOnes) {
    make(version_1);
    auto job = make_job("new");
    job.carrier = to_carrier({.traceparent = traceparent, .tracestate = "rojo=1", .baggage = "tenant=acme"});
    const auto stored = open();
    loop.await(stored->enqueue({job}));
    const auto taken = claim(stored);
    ASSERT_EQ(ids_of(taken), (ids{"traced", "plain", "new"}));
    EXPECT_EQ(taken.jobs[2].carrier, job.carrier);
    loop.await(stored->stop(deadline::after(30s)));
    expect_sound(file);
}

// A file as version 2 left it: a job in each state, one with a large payload, one whose fence is beyond all numbers.
std::string version_2() {
    std::string sql = version_1;
    sql.replace(sql.find("traceparent          TEXT"), 25, "carrier              TEXT");
    return sql + R"(
    UPDATE infra_queue SET schema_version = 2, next_number = 9;
    UPDATE infra_queues SET delayed = 1, active = 1, completed = 2, failed = 1;
    UPDATE infra_payloads SET carrier = NULL;
    INSERT INTO infra_jobs VALUES
        (3, 1, 'delayed', 1, 7, 3, 1767225660000, 1, 4, 0, NULL, NULL, 1767225600000, NULL, 'busy', NULL),
        (4, 1, 'active', 2, 0, -4, NULL, 0, 50, 2, 'gone', 1767225601000, 1767225600000, NULL, NULL, NULL),
        (5, 1, 'late', 3, 0, 5, NULL, 1, 1, 0, NULL, NULL, 1767225600000, 1767225602000, NULL, '"done"'),
        (6, 1, 'soon', 3, 0, 6, NULL, 1, 1, 0, NULL, NULL, 1767225600000, 1767225601000, NULL, NULL),
        (7, 1, 'failed', 4, 0, 7, NULL, 2, 2, 0, NULL, NULL, 1767225600000, 1767225601000, 'no such user', NULL);
    INSERT INTO infra_payloads
        SELECT seq, 'welcome', iif(seq = 3, '"' || printf('%.*c', 2000, 'x') || '"', '{}'),
               iif(seq = 3, '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}', NULL),
               1767225600000, seq = 3, 3, 1, 1000, 60000, 0.25, 5000, 3, 3600, NULL, 60
        FROM infra_jobs WHERE seq > 2;
    )";
}

TEST_F(SqliteSchema, OfVersion2KeepsItsJobsInTheirStates) {
    make(version_2().c_str());
    const auto stored = open();
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0),
              (queue_counts{.queue = "mail", .waiting = 2, .delayed = 1, .active = 1, .completed = 2, .failed = 1}));
    expect_sound(file);
    const auto info = [&](const char* id) { return loop.await(stored->get({{"mail", id}})).at(0).value(); };
    EXPECT_EQ(info("delayed").state, job_state::delayed);
    EXPECT_EQ(info("delayed").run_at, t0 + 60s);
    EXPECT_EQ(info("delayed").data.size(), 2002u);
    EXPECT_EQ(info("delayed").failed_reason, "busy");
    EXPECT_EQ(info("delayed").options,
              (job_options{.attempts = 3,
                           .backoff = {.type = backoff::kind::exponential, .delay = 1s, .max = 1min, .jitter = 0.25},
                           .timeout = 5s,
                           .priority = 7,
                           .lifo = true,
                           .keep_completed = {.count = 3, .age = 1h},
                           .keep_failed = {.age = 1min}}));
    EXPECT_EQ(info("active").state, job_state::active);
    EXPECT_EQ(info("late").result, R"("done")");
    EXPECT_EQ(info("failed").failed_reason, "no such user");
    EXPECT_EQ(info("failed").attempts_made, 2);
    loop.await(stored->stop(deadline::after(30s)));
}

TEST_F(SqliteSchema, OfVersion2GoesOnWhereItWas) {
    make(version_2().c_str());
    const auto stored = open();
    const auto at = [&](wall_time now) {
        return loop.await(stored->claim({.queues = {"mail"}, .max = 10, .worker = "me", .now = now}));
    };
    const auto taken = at(t0 + 1s);
    EXPECT_EQ(ids_of(taken), (ids{"active", "traced", "plain"})) << "its lease ran out";
    EXPECT_GT(taken.jobs.at(0).held.fence, 50u);
    EXPECT_EQ(taken.jobs[0].stalls, 3);
    EXPECT_EQ(ids_of(at(t0 + 60s)), (ids{"active", "plain", "traced", "delayed"}));
    loop.await(stored->prune({{.queue = "mail", .completed = {.count = 1}, .now = t0}}));
    EXPECT_TRUE(loop.await(stored->get({{"mail", "late"}})).at(0)) << "forgot another than the oldest";
    loop.await(stored->stop(deadline::after(30s)));
    expect_sound(file);
}

std::string text_of(const char* name) {
    std::ifstream in(std::string(INFRA_QUEUE_TESTS "/sqlite/") + name);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string version_3() { return text_of("version_3.sql"); }
std::string version_4() { return text_of("version_4.sql"); }
std::string version_5() { return version_4() + text_of("version_5.sql"); }
std::string version_7() { return version_5() + text_of("version_7.sql"); }

TEST_F(SqliteSchema, OfVersion3KeepsItsJobsInTheirStates) {
    make(version_3().c_str());
    const auto stored = open();
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0),
              (queue_counts{.queue = "mail", .waiting = 2, .delayed = 1, .active = 1, .completed = 2, .failed = 1}));
    expect_sound(file);
    const auto info = [&](const char* id) { return loop.await(stored->get({{"mail", id}})).at(0).value(); };
    EXPECT_EQ(info("plain").state, job_state::waiting);
    EXPECT_EQ(info("delayed").run_at, t0 + 60s);
    const auto active = info("active");
    EXPECT_EQ(active.state, job_state::active);
    EXPECT_TRUE(active.cancel_requested);
    EXPECT_EQ(active.fence, 50u);
    const auto late = info("late");
    EXPECT_EQ(late.state, job_state::completed);
    EXPECT_EQ(late.result, R"("done")");
    EXPECT_EQ(late.attempts_made, 1);
    EXPECT_EQ(late.finished_at, t0 + 2s);
    EXPECT_EQ(late.started_at, t0);
    const auto failed = info("failed");
    EXPECT_EQ(failed.state, job_state::failed);
    EXPECT_EQ(failed.attempts_made, 2);
    EXPECT_EQ(failed.fence, 2u);
    loop.await(stored->stop(deadline::after(30s)));
}

TEST_F(SqliteSchema, OfVersion3GoesOnWhereItWas) {
    make(version_3().c_str());
    const auto stored = open();
    loop.await(stored->prune({{.queue = "mail", .completed = {.count = 1}, .now = t0}}));
    EXPECT_FALSE(loop.await(stored->get({{"mail", "soon"}})).at(0)) << "the oldest";
    EXPECT_EQ(loop.await(stored->change({.what = job_change::retry, .jobs = {{"mail", "failed"}}, .now = t0})).changed,
              1u);
    const auto taken = loop.await(stored->claim({.queues = {"mail"}, .max = 10, .worker = "me", .now = t0 + 1s}));
    EXPECT_EQ(ids_of(taken), (ids{"traced", "plain", "failed"}));
    EXPECT_EQ(loop.await(stored->get({{"mail", "active"}})).at(0)->failed_reason, cancelled_reason)
        << "its lease ran out";
    EXPECT_EQ(ask(file, "SELECT count(*) FROM infra_deduplications"), "0");
    loop.await(stored->stop(deadline::after(30s)));
    expect_sound(file);
}

TEST_F(SqliteSchema, OfVersion4KeepsEverythingWhereItWas) {
    make(version_4().c_str());
    const auto stored = open();
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0),
              (queue_counts{.queue = "mail", .waiting = 6, .delayed = 2, .active = 3, .completed = 2, .failed = 1}));
    EXPECT_EQ(loop.await(stored->counts({"images"})).at(0),
              (queue_counts{.queue = "images", .waiting = 1, .paused = true}));
    expect_sound(file);
    const auto info = [&](const char* id) { return loop.await(stored->get({{"mail", id}})).at(0).value(); };
    EXPECT_EQ(info("done").result, R"("done")");
    EXPECT_EQ(info("done").finished_at, t0 + 2s);
    EXPECT_EQ(info("failed").errors, (std::vector<job_error>{{.attempt = 1, .at = t0 + 1s, .reason = "no such user"}}));
    EXPECT_EQ(info("active").progress, "50");
    EXPECT_EQ(info("active").fence, 14u);
    EXPECT_TRUE(info("wanted").cancel_requested);
    EXPECT_EQ(info("8").options.attempts, 3);
    EXPECT_EQ(info("large").data.size(), 1502u);
    EXPECT_EQ(info("late").expires_at, t0 + 60s);
    EXPECT_EQ(info("delayed").run_at, t0 + 60s);
    EXPECT_EQ(info("plain").group, "");
    EXPECT_FALSE(info("plain").parent);
    EXPECT_EQ(loop.await(stored->logs({"mail", "active"})).at(0).text, "half of it");
    EXPECT_EQ(loop.await(stored->settings("mail")),
              (queue_settings{
                  .queue = "mail", .concurrency = 50, .rate = {.max = 100, .duration = 1min}, .max_length = 1000}));
    EXPECT_TRUE(loop.await(stored->settings("images")).paused);
    EXPECT_EQ(loop.await(stored->schedules("mail")).at(0).next, t0 + 1h);
    EXPECT_EQ(loop.await(stored->history("mail", t0 - 1h, t0 + 1h)).at(0).completed, 2u);
    EXPECT_EQ(loop.await(stored->events({.queue = "mail", .cursor = "0", .max = 100, .now = t0})).events.size(), 26u);
    loop.await(stored->stop(deadline::after(30s)));
    EXPECT_EQ(ask(file, "SELECT schema_version FROM infra_queue"), "8");
    expect_sound(file);
}

TEST_F(SqliteSchema, OfVersion4GoesOnWhereItWas) {
    make(version_4().c_str());
    const auto stored = open();
    auto child = make_job("child");
    child.parent = child_of{.place = 0};
    child.group = "tenant";
    loop.await(stored->enqueue({make_job("parent"), child}));
    const auto at = [&](wall_time now) {
        return loop.await(stored->claim({.queues = {"mail"}, .max = 20, .worker = "me", .now = now}));
    };
    EXPECT_EQ(ids_of(at(t0 + 9s)), (ids{"lifo", "plain", "8", "large", "late", "child", "behind"}));
    const auto rescued = at(t0 + 10s);
    EXPECT_EQ(ids_of(rescued), (ids{"holder", "active"})) << "their leases ran out";
    EXPECT_EQ(loop.await(stored->get({{"mail", "wanted"}})).at(0)->failed_reason, cancelled_reason);
    EXPECT_GT(rescued.jobs.at(0).held.fence, 23u);
    loop.await(stored->finish({{.held = rescued.jobs.at(0).held, .at = t0 + 10s}}));
    EXPECT_EQ(ids_of(at(t0 + 11s)), ids{"last"}) << "the duplicate that was kept";
    loop.await(stored->stop(deadline::after(30s)));
    expect_sound(file);
}

TEST_F(SqliteSchema, OfVersion5KeepsEverythingWhereItWas) {
    make(version_5().c_str());
    const auto stored = open();
    EXPECT_EQ(loop.await(stored->counts({"mail"})).at(0), (queue_counts{.queue = "mail",
                                                                        .waiting = 8,
                                                                        .delayed = 2,
                                                                        .active = 3,
                                                                        .completed = 2,
                                                                        .failed = 1,
                                                                        .waiting_children = 1,
                                                                        .groups = 1}));
    expect_sound(file);
    EXPECT_EQ(loop.await(stored->get({{"mail", "second"}})).at(0)->group, "tenant");
    const auto children = loop.await(stored->children({.parent = {"mail", "album"}})).children;
    ASSERT_EQ(children.size(), 2u);
    EXPECT_EQ(children[0].result, R"("a")");
    EXPECT_EQ(children[1].job, (job_key{"mail", "first"}));
    EXPECT_EQ(loop.await(stored->waiting_since({"mail"}, t0)).at(0), t0);
    EXPECT_TRUE(loop.await(stored->workers({})).empty()) << "nobody can tell of those of before";
    loop.await(stored->stop(deadline::after(30s)));
    EXPECT_EQ(ask(file, "SELECT schema_version FROM infra_queue"), "8");
    expect_sound(file);
}

TEST_F(SqliteSchema, OfVersion5GoesOnWhereItWas) {
    make(version_5().c_str());
    const auto stored = open();
    const auto taken = claim(stored);
    EXPECT_EQ(ids_of(taken), (ids{"lifo", "plain", "8", "large", "late", "first", "second", "behind"}));
    for (const auto& each : taken.jobs)
        EXPECT_EQ(each.waiting_since, each.held.job.id == "second" ? t0 + 1s : t0) << each.held.job.id;
    EXPECT_EQ(loop.await(stored->workers({"mail"})).size(), 1u);
    const auto child = std::ranges::find_if(taken.jobs, [](const auto& each) { return each.held.job.id == "first"; });
    loop.await(stored->finish({{.held = child->held, .at = t0}}));
    EXPECT_EQ(loop.await(stored->get({{"mail", "album"}})).at(0)->state, job_state::waiting);
    const auto later = loop.await(stored->claim({.queues = {"mail"}, .max = 20, .worker = "me", .now = t0 + 61s}));
    const auto delayed =
        std::ranges::find_if(later.jobs, [](const auto& each) { return each.held.job.id == "delayed"; });
    ASSERT_NE(delayed, later.jobs.end());
    EXPECT_EQ(delayed->waiting_since, t0 + 60s);
    loop.await(stored->stop(deadline::after(30s)));
    expect_sound(file);
}

TEST_F(SqliteSchema, OfVersion7KeepsItsSchedulesAndPausesThem) {
    make(version_7().c_str());
    const auto stored = open();
    const auto all = loop.await(stored->schedules("mail"));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].id, "nightly");
    EXPECT_EQ(all[0].next, t0 + 1h);
    EXPECT_EQ(all[0].paused_since, std::nullopt);
    EXPECT_EQ(all[1].runs, 4u);
    EXPECT_EQ(all[1].next, std::nullopt) << "it is over";
    EXPECT_EQ(all[1].paused_since, std::nullopt);
    EXPECT_EQ(ask(file, "SELECT handed_on FROM infra_schedules WHERE id = 'theirs'"), R"({"counted":true})");
    EXPECT_EQ(loop.await(stored->pause_schedules({{"mail", "nightly"}}, t0)), std::vector{true});
    EXPECT_EQ(loop.await(stored->schedules("mail")).at(0).paused_since, t0);
    EXPECT_EQ(loop.await(stored->resume_schedules(
                  {{.of = {"mail", "nightly"}, .when = all[0].when, .next = t0 + 2h, .now = t0}})),
              std::vector{true});
    EXPECT_EQ(loop.await(stored->schedules("mail")).at(0).next, t0 + 2h);
    loop.await(stored->stop(deadline::after(30s)));
    EXPECT_EQ(ask(file, "SELECT schema_version FROM infra_queue"), "8");
    expect_sound(file);
}

// The version is read again once the write lock is held.
TEST_F(SqliteSchema, OfVersion1IsBroughtUpToDateOnceWhenSeveralOpenIt) {
    make(version_1);
    const std::vector all{open(), open(), open(), open()};
    std::vector<std::shared_ptr<pending<std::vector<queue_counts>>>> asked;
    for (const auto& each : all)
        asked.push_back(loop.start(each->counts({"mail"})));
    ASSERT_TRUE(loop.until([&] { return std::ranges::all_of(asked, [](const auto& each) { return each->ended; }); }));
    for (const auto& each : asked)
        EXPECT_FALSE(infra::code_of(each->failure));
    EXPECT_EQ(asked.front()->value->at(0).waiting, 2U);
}

TEST_F(SqliteSchema, OfANewFileIsThatOfAMigratedOne) {
    const auto columns = "SELECT group_concat(m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\") "
                         "FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY m.name";
    loop.await(open()->counts({}));
    const auto made = ask(file, columns);
    std::filesystem::remove(file);
    std::filesystem::remove(file.string() + "-wal");
    std::filesystem::remove(file.string() + "-shm");
    make(version_1);
    loop.await(open()->counts({}));
    EXPECT_EQ(ask(file, columns), made);
    EXPECT_NE(made.find("infra_jobs.carrier TEXT"), std::string::npos) << made;
}

} // namespace
} // namespace infra::queue::tests
