#include "support.hpp"

#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/queue/sqlite_transaction.hpp>

#include <set>

// The queue inside transactions of the program's own, on connections of its own.

namespace infra::queue::tests {

struct order {
    int number = 0;
};
BOOST_DESCRIBE_STRUCT(order, (), (number))

namespace {

/// A connection of the program's.
class connection {
public:
    explicit connection(const std::filesystem::path& file) {
        EXPECT_EQ(sqlite3_open(file.c_str(), &db_), SQLITE_OK);
        sqlite3_busy_timeout(db_, 10'000);
    }
    ~connection() { EXPECT_EQ(sqlite3_close(db_), SQLITE_OK) << "a statement is left open"; }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void run(const std::string& sql) const {
        ASSERT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sql << sqlite3_errmsg(db_);
    }
    operator sqlite3*() const noexcept { return db_; }

private:
    sqlite3* db_ = nullptr;
};

class SqliteTransaction : public ::testing::Test {
protected:
    SqliteTransaction() {
        loop.await(jobs.counts());
        db.run("CREATE TABLE orders (number INTEGER PRIMARY KEY)");
    }
    ~SqliteTransaction() override {
        loop.await(jobs.stop(deadline::after(30s)));
        expect_sound(file);
    }

    std::string orders() const { return ask(file, "SELECT count(*) FROM orders"); }
    std::size_t waiting() { return loop.await(jobs.counts({"ship"})).at(0).waiting; }
    claimed_job claim() {
        return loop.await(stored->claim({.queues = {"ship"}, .worker = "me", .now = t0})).jobs.at(0);
    }
    static std::shared_ptr<job_context> context_of(const claimed_job& job) {
        return std::make_shared<job_context>(job_context::facts{.job = job.held.job,
                                                                .fence = job.held.fence,
                                                                .token = job.held.token,
                                                                .keep_completed = job.options.keep_completed});
    }

    temporary_folder folder;
    const std::filesystem::path file = folder / "queue.db";
    test_loop loop;
    const std::shared_ptr<backend> stored =
        make_sqlite_backend({.file = file, .durability = durability::normal, .poll = 1ms});
    const queue jobs{stored};
    const job<order> ship = jobs.define_job<order>({.name = "ship"});
    connection db{file};
};

TEST_F(SqliteTransaction, AddsAJobWithWhatElseItWrites) {
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE; INSERT INTO orders VALUES (17)");
    const auto id = inside.enqueue(ship, {.number = 17}, {.priority = 3});
    db.run("COMMIT");
    const auto added = loop.await(jobs.find_job(id)).value();
    EXPECT_EQ(added.data, R"({"number":17})");
    EXPECT_EQ(added.options.priority, 3);
    EXPECT_EQ(orders(), "1");
    EXPECT_EQ(claim().held.job.id, id);
}

TEST_F(SqliteTransaction, AddsNothingIfItIsRolledBack) {
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE; INSERT INTO orders VALUES (17)");
    inside.enqueue_bulk(ship, {{.number = 1}, {.number = 2}});
    db.run("ROLLBACK");
    EXPECT_EQ(waiting(), 0u);
    EXPECT_EQ(orders(), "0");
    db.run("BEGIN IMMEDIATE");
    inside.enqueue(ship, {.number = 3});
    db.run("COMMIT");
    EXPECT_EQ(waiting(), 1u) << "and counts on from what is there";
}

TEST_F(SqliteTransaction, IsRolledBackInPartToItsSavepoint) {
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    inside.enqueue(ship, {.number = 1}, {.id = "kept"});
    db.run("SAVEPOINT mine");
    inside.enqueue(ship, {.number = 2}, {.id = "undone"});
    db.run("ROLLBACK TO mine");
    inside.enqueue(ship, {.number = 3}, {.id = "later"});
    db.run("COMMIT");
    EXPECT_EQ(waiting(), 2u);
    EXPECT_FALSE(loop.await(jobs.find_job("undone")));
}

TEST_F(SqliteTransaction, IsLeftAsItWasByACallThatFails) {
    loop.await(stored->configure({.queue = "ship", .max_length = 2}));
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE; INSERT INTO orders VALUES (17)");
    inside.enqueue(ship, {.number = 1});
    EXPECT_THROW(inside.enqueue_bulk(ship, {{.number = 2}, {.number = 3}}, {.wait_for_room = 1h}), error);
    EXPECT_THROW(inside.enqueue("ship", {{"number", "many"}}), error);
    db.run("COMMIT");
    EXPECT_EQ(waiting(), 1u);
    EXPECT_EQ(orders(), "1");
}

TEST_F(SqliteTransaction, KnowsDefinitionsByName) {
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    const auto id = inside.enqueue("ship", {{"number", 5}});
    db.run("COMMIT");
    EXPECT_EQ(loop.await(jobs.find_job(id))->data, R"({"number":5})");
}

TEST_F(SqliteTransaction, WakesAWorkerThatWaits) {
    const auto waits =
        loop.start(stored->claim({.queues = {"ship"}, .worker = "me", .now = t0, .wait = true, .time = &jobs.time()}));
    loop.settle();
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    const auto id = inside.enqueue(ship, {.number = 1});
    db.run("COMMIT");
    ASSERT_TRUE(loop.until([&] { return waits->ended; }));
    EXPECT_EQ(ids_of(*waits->value), ids{id});
}

TEST_F(SqliteTransaction, HandsTheProducersTraceOn) {
    const telemetry::span request("request", span_kind::server);
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    inside.enqueue(ship, {.number = 1});
    db.run("COMMIT");
    EXPECT_EQ(current_span(), request.context());
    EXPECT_NE(claim().carrier.find(format_traceparent(request.context()).substr(3, 32)), std::string::npos);
}

TEST_F(SqliteTransaction, CompletesAJobWithWhatItsHandlerWrote) {
    loop.await(jobs.enqueue(ship, {.number = 17}, {.id = "once"}));
    const auto context = context_of(claim());
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE; INSERT INTO orders VALUES (17)");
    inside.complete(*context, order{.number = 18});
    EXPECT_TRUE(context->completion_noted());
    db.run("COMMIT");
    const auto done = loop.await(jobs.find_job("once")).value();
    EXPECT_EQ(done.state, job_state::completed);
    EXPECT_EQ(done.result, R"({"number":18})");
    EXPECT_EQ(done.attempts_made, 1);
}

// Its lease is void from the COMMIT on, and nobody is to take that for a worker that was too slow.
TEST_F(SqliteTransaction, CompletesTheJobOfAWorkersHandler) {
    const auto fulfil = jobs.define_job<order>(
        {.name = "fulfil", .handler = [this](order o, job_context& context) -> awaitable<void> {
             sqlite_transaction inside(db, jobs);
             db.run("BEGIN IMMEDIATE; INSERT INTO orders VALUES (" + std::to_string(o.number) + ")");
             inside.enqueue(ship, {.number = o.number});
             inside.complete(context, o);
             db.run("COMMIT");
             co_return;
         }});
    worker w(jobs, {.lease = 1s});
    const auto running = loop.start(w.run());
    const auto id = loop.await(jobs.enqueue(fulfil, {.number = 17}));
    ASSERT_TRUE(loop.until([&] { return loop.await(jobs.find_job(id))->state == job_state::completed; }));
    loop.await(w.stop(10s));
    EXPECT_FALSE(running->failure);
    const auto done = loop.await(jobs.find_job(id)).value();
    EXPECT_EQ(done.state, job_state::completed);
    EXPECT_EQ(done.attempts_made, 1);
    EXPECT_EQ(orders(), "1");
    EXPECT_EQ(waiting(), 1u);
}

// What a handler wrote goes with its attempt.
TEST_F(SqliteTransaction, RunsAJobAgainWhoseHandlerRolledBack) {
    const auto fulfil = jobs.define_job<order>({.name = "fulfil",
                                                .handler = [this](order o, job_context& context) -> awaitable<void> {
                                                    sqlite_transaction inside(db, jobs);
                                                    db.run("BEGIN IMMEDIATE; INSERT INTO orders VALUES (" +
                                                           std::to_string(o.number) + ")");
                                                    inside.complete(context);
                                                    db.run(context.last_attempt() ? "COMMIT" : "ROLLBACK");
                                                    if (!context.last_attempt())
                                                        throw std::runtime_error("it did not go through");
                                                    co_return;
                                                },
                                                .attempts = 2});
    worker w(jobs);
    const auto running = loop.start(w.run());
    const auto id = loop.await(jobs.enqueue(fulfil, {.number = 17}));
    ASSERT_TRUE(loop.until([&] { return loop.await(jobs.find_job(id))->state == job_state::completed; }));
    loop.await(w.stop(10s));
    EXPECT_EQ(loop.await(jobs.find_job(id))->attempts_made, 2);
    EXPECT_EQ(orders(), "1");
}

TEST_F(SqliteTransaction, LeavesTheJobActiveIfItIsRolledBack) {
    loop.await(jobs.enqueue(ship, {.number = 17}, {.id = "once"}));
    const auto taken = claim();
    const auto context = context_of(taken);
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    inside.complete(*context);
    db.run("ROLLBACK");
    EXPECT_EQ(loop.await(jobs.find_job("once"))->state, job_state::active);
    EXPECT_EQ(loop.await(stored->extend({taken.held}, 10s, t0)), std::vector{renewal::held});
}

TEST_F(SqliteTransaction, RefusesARunWhoseLeaseIsLost) {
    loop.await(jobs.enqueue(ship, {.number = 17}, {.id = "once"}));
    const auto stale = context_of(claim());
    const auto again = loop.await(stored->claim({.queues = {"ship"}, .worker = "other", .now = t0 + 11s})).jobs.at(0);
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE; INSERT INTO orders VALUES (17)");
    try {
        inside.complete(*stale);
        ADD_FAILURE() << "two runs have completed one job";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::lease_lost);
    }
    EXPECT_FALSE(stale->completion_noted());
    db.run("ROLLBACK");
    EXPECT_EQ(loop.await(stored->extend({again.held}, 9s, t0 + 11s)), std::vector{renewal::held});
}

TEST_F(SqliteTransaction, DoesNotCompleteAJobWhoseChildrenAreNotDone) {
    loop.await(jobs.enqueue(ship, {.number = 1}));
    const auto job = claim();
    new_job child{.queue = "pack", .name = "pack", .created_at = t0, .parent = child_of{.parent = job.held.job}};
    loop.await(stored->enqueue({child}));
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    EXPECT_EQ(code_thrown_by([&] { inside.complete(*context_of(job)); }), infra::errc::invalid_state);
    db.run("COMMIT");
    EXPECT_EQ(loop.await(jobs.find_job(job.held.job.id))->state, job_state::active);
    const auto packing = loop.await(stored->claim({.queues = {"pack"}, .worker = "me", .now = t0})).jobs.at(0);
    db.run("BEGIN IMMEDIATE");
    inside.complete(*context_of(packing), 7);
    inside.complete(*context_of(job));
    db.run("COMMIT");
    EXPECT_EQ(loop.await(jobs.find_job(job.held.job.id))->state, job_state::completed);
    EXPECT_EQ(loop.await(jobs.children(job.held.job)).children.at(0).result, "7");
}

TEST_F(SqliteTransaction, AddsAFlowOrNothingOfIt) {
    sqlite_transaction inside(db, jobs);
    const auto add = [&] {
        return inside.enqueue_flow(flow(ship, {.number = 1}, {.wait_for_room = 1s}).child(flow(ship, {.number = 2})));
    };
    db.run("BEGIN IMMEDIATE");
    add();
    db.run("ROLLBACK");
    EXPECT_EQ(waiting(), 0u);
    db.run("BEGIN IMMEDIATE");
    const auto id = add();
    db.run("COMMIT");
    EXPECT_EQ(waiting(), 1u);
    EXPECT_EQ(loop.await(jobs.find_job(id))->state, job_state::waiting_children);
    loop.await(stored->configure({.queue = "ship", .max_length = 1}));
    db.run("BEGIN IMMEDIATE");
    EXPECT_EQ(code_thrown_by([&] { add(); }), errc::full);
    db.run("COMMIT");
}

TEST_F(SqliteTransaction, AddsChildrenOfTheJobInHand) {
    loop.await(jobs.enqueue(ship, {.number = 1}));
    const auto job = claim();
    const auto context = context_of(job);
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    inside.enqueue_children(*context, {flow(ship, {.number = 2}), flow(ship, {.number = 3})}, child_failure::ignore);
    EXPECT_EQ(code_thrown_by([&] { inside.complete(*context); }), infra::errc::invalid_state);
    db.run("COMMIT");
    EXPECT_EQ(loop.await(jobs.find_job(job.held.job.id))->children, (children_counts{.pending = 2}));
    loop.await(stored->finish({{.held = job.held, .as = outcome::kind::waits, .at = t0}}));
    EXPECT_EQ(loop.await(jobs.find_job(job.held.job.id))->state, job_state::waiting_children);
    db.run("BEGIN IMMEDIATE");
    EXPECT_EQ(code_thrown_by([&] { inside.enqueue_children(*context, {flow(ship, {.number = 4})}); }),
              infra::errc::invalid_state);
    db.run("ROLLBACK");
}

TEST_F(SqliteTransaction, ReleasesTheParentOfAJobThatItCompletes) {
    loop.await(stored->enqueue({{.queue = "pack", .id = "parent", .name = "pack", .created_at = t0},
                                {.queue = "ship", .name = "ship", .created_at = t0, .parent = child_of{.place = 0}}}));
    const auto job = claim();
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    inside.complete(*context_of(job));
    db.run("ROLLBACK");
    EXPECT_EQ(loop.await(jobs.find_job("parent"))->state, job_state::waiting_children);
    db.run("BEGIN IMMEDIATE");
    inside.complete(*context_of(job));
    db.run("COMMIT");
    EXPECT_EQ(loop.await(jobs.find_job("parent"))->state, job_state::waiting);
}

TEST_F(SqliteTransaction, NeedsAnOpenTransaction) {
    sqlite_transaction inside(db, jobs);
    try {
        inside.enqueue(ship, {.number = 1});
        ADD_FAILURE() << "added without a transaction";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::invalid_state);
        EXPECT_NE(std::string(e.what()).find("BEGIN IMMEDIATE"), std::string::npos) << e.what();
    }
    EXPECT_THROW(sqlite_transaction(nullptr, jobs), std::invalid_argument);
}

TEST_F(SqliteTransaction, SaysSoIfOthersWroteSinceItRead) {
    db.run("BEGIN; SELECT count(*) FROM orders");
    loop.await(jobs.enqueue(ship, {.number = 1}));
    sqlite_transaction inside(db, jobs);
    try {
        inside.enqueue(ship, {.number = 2});
        ADD_FAILURE() << "wrote over what it had not seen";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::unavailable);
        EXPECT_NE(std::string(e.what()).find("BEGIN IMMEDIATE"), std::string::npos) << e.what();
    }
    db.run("ROLLBACK");
}

TEST_F(SqliteTransaction, WorksWhereForeignKeysAreEnforced) {
    db.run("PRAGMA foreign_keys = ON");
    const std::string large(5000, 'x');
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    inside.enqueue("note", json::value(large), {.id = "large", .keep_completed = keep{.count = 0}});
    db.run("COMMIT");
    const auto taken = loop.await(stored->claim({.queues = {"note"}, .worker = "me", .now = t0})).jobs.at(0);
    db.run("BEGIN IMMEDIATE");
    inside.complete(*context_of(taken));
    db.run("COMMIT");
    EXPECT_FALSE(loop.await(jobs.find_job("large")));
}

// Whoever only adds need not have opened the file by a backend before.
TEST_F(SqliteTransaction, MakesItsTablesInAFileThatHasNone) {
    const auto fresh = folder / "fresh.db";
    {
        const connection other(fresh);
        other.run("BEGIN IMMEDIATE; CREATE TABLE mine (n INTEGER)");
        sqlite_transaction(other, jobs).enqueue(ship, {.number = 1});
        other.run("COMMIT");
    }
    const auto opened = make_sqlite_backend({.file = fresh});
    EXPECT_EQ(loop.await(opened->counts({"ship"})).at(0).waiting, 1u);
    loop.await(opened->stop(deadline::after(30s)));
    expect_sound(fresh);
}

TEST_F(SqliteTransaction, LeavesAFileOfANewerVersionAlone) {
    const auto version = ask(file, "SELECT schema_version FROM infra_queue");
    ask(file, "UPDATE infra_queue SET schema_version = 999");
    sqlite_transaction inside(db, jobs);
    db.run("BEGIN IMMEDIATE");
    try {
        inside.enqueue(ship, {.number = 1});
        ADD_FAILURE() << "wrote into what it does not know";
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::incompatible);
    }
    db.run("ROLLBACK; UPDATE infra_queue SET schema_version = " + version);
}

// A producer's process, a worker's and the program's own transactions, all at once: what committed is there, once.
TEST_F(SqliteTransaction, SharesTheFileWithBackendsThatWrite) {
    std::vector<std::shared_ptr<pending<job_id>>> others;
    sqlite_transaction inside(db, jobs);
    std::set<job_id> added;
    for (int n = 0; n < 40; ++n) {
        others.push_back(loop.start(jobs.enqueue(ship, {.number = n})));
        db.run("BEGIN IMMEDIATE");
        const auto id = inside.enqueue(ship, {.number = n});
        db.run(n % 4 == 3 ? "ROLLBACK" : "COMMIT");
        if (n % 4 != 3)
            EXPECT_TRUE(added.insert(id).second);
        loop.settle();
    }
    ASSERT_TRUE(loop.until([&] { return std::ranges::all_of(others, [](const auto& each) { return each->ended; }); }));
    for (const auto& each : others)
        EXPECT_TRUE(added.insert(each->value.value()).second) << "an id given twice";
    EXPECT_EQ(waiting(), 70u);
}

} // namespace
} // namespace infra::queue::tests
