#include "child.hpp"

#include <infra/queue.hpp>

#include <map>
#include <set>
#include <sstream>

// Workers that are killed or stopped while they run jobs: none is lost, and what runs again does so because a worker went.

namespace infra::queue::tests {
namespace {

/// A handler that was called.
struct start {
    std::uint64_t fence = 0;
    pid_t by = 0;
};

class SqliteKill : public ::testing::Test {
protected:
    ~SqliteKill() override {
        loop.await(jobs.stop(deadline::after(30s)));
        expect_sound(file);
    }

    void add(std::size_t n) {
        std::vector<new_job> all;
        for (std::size_t i = 0; i < n; ++i)
            all.push_back({.queue = "count",
                           .name = "count",
                           .data = R"({"n":1})",
                           .options = {.attempts = 1000, .keep_completed = {}, .keep_failed = {}},
                           .created_at = real_clock().wall()});
        loop.await(stored->enqueue(all));
    }
    std::map<job_id, std::vector<start>> starts() const {
        std::map<job_id, std::vector<start>> all;
        for (const auto& line : lines_of(folder / "started")) {
            std::istringstream in(line);
            job_id id;
            start one;
            in >> id >> one.fence >> one.by;
            all[id].push_back(one);
        }
        for (auto& [id, some] : all)
            std::ranges::sort(some, {}, &start::fence);
        return all;
    }
    std::vector<job_info> all_jobs() {
        std::vector<job_info> all;
        list_request request{.filter = {.queue = "count"}, .max = 1000};
        do {
            auto page = loop.await(stored->list(request));
            std::ranges::move(page.jobs, std::back_inserter(all));
            request.cursor = page.next;
        } while (!request.cursor.empty());
        return all;
    }
    std::size_t completed() { return loop.await(stored->counts({"count"})).at(0).completed; }
    // One that is stopped with the file's lock in its hands holds up everybody.
    void stop_between_transactions(const child& one) const {
        do {
            one.signal(SIGCONT);
            std::this_thread::sleep_for(1ms);
            one.signal(SIGSTOP);
        } while (!can_be_written());
    }
    bool can_be_written() const {
        sqlite3* db = nullptr;
        sqlite3_open(file.c_str(), &db);
        sqlite3_busy_timeout(db, 100);
        const bool can = sqlite3_exec(db, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK;
        sqlite3_close(db);
        return can;
    }
    std::size_t begun() const { return lines_of(folder / "started").size(); }

    temporary_folder folder;
    const std::filesystem::path file = folder / "queue.db";
    std::shared_ptr<backend> stored =
        make_sqlite_backend({.file = file, .durability = durability::normal, .busy_timeout = 30s, .poll = 5ms});
    queue jobs{stored};
    test_loop loop;
};

TEST_F(SqliteKill, LosesNoJobAndRepeatsThoseAloneWhoseWorkerWasKilled) {
    const std::size_t kills = is_long() ? 200 : 20, number = is_long() ? 10'000 : 1'000;
    const auto began = std::chrono::steady_clock::now();
    add(number);
    std::set<pid_t> killed;
    child survivor(file, folder.path(), "run");
    for (std::size_t i = 0; i < kills; ++i) {
        child victim(file, folder.path(), "run");
        const auto enough = std::min(number, (i + 1) * number / (kills + 1));
        ASSERT_TRUE(wait_until([&] { return completed() >= enough; })) << "nothing goes on after " << i << " kills";
        std::this_thread::sleep_for(std::chrono::microseconds(random_u64() % 5'000)); // a moment that no test chose
        killed.insert(victim.pid());
        victim.kill();
    }
    ASSERT_TRUE(wait_until([&] { return completed() == number; })) << "only " << completed() << " jobs were done";
    const auto took = std::chrono::steady_clock::now() - began;

    const auto started = starts();
    std::size_t repeats = 0, stalls = 0, unexplained = 0;
    for (const auto& job : all_jobs()) {
        EXPECT_EQ(job.state, job_state::completed);
        EXPECT_EQ(job.attempts_made, 1);
        stalls += static_cast<std::size_t>(job.stalls);
        const auto& runs = started.at(job.id);
        repeats += runs.size() - 1;
        EXPECT_LE(runs.size(), static_cast<std::size_t>(job.stalls) + 1) << job.id;
        EXPECT_EQ(runs.back().fence, job.fence) << "the last run is that which was recorded";
        for (std::size_t i = 0; i + 1 < runs.size(); ++i)
            unexplained += !killed.contains(runs[i].by);
    }
    EXPECT_EQ(unexplained, 0u) << "runs of workers that live were repeated";
    std::printf("%zu kills while %zu jobs ran: 0 lost, %zu run again, %zu leases of the killed, %.1f s\n", kills,
                number, repeats, stalls, std::chrono::duration<double>(took).count());
}

TEST_F(SqliteKill, GivesAJobToAnotherLongBeforeItsLeaseEnds) {
    add(1);
    child victim(file, folder.path(), "hold");
    ASSERT_TRUE(wait_until([&] { return begun() == 1; }));
    std::atomic<bool> done = false;
    jobs.define_job({.name = "count", .handler = [&](json::value) { done = true; }});
    worker w(jobs);
    loop.start(w.run());
    EXPECT_EQ(completed(), 0u);
    victim.kill();
    const auto killed = std::chrono::steady_clock::now();
    ASSERT_TRUE(loop.until([&] { return done.load(); })) << "its lease is of ten minutes";
    std::printf("run again %.2f s after its worker was killed\n",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - killed).count());
    loop.await(w.stop(10s));
    EXPECT_EQ(all_jobs().at(0).stalls, 1);
}

// Its process lives, and keeps the job until the lease ends; then it is another's, and what the first does is too late.
TEST_F(SqliteKill, RefusesWhatAStoppedWorkerDoesAfterItsLease) {
    loop.await(stored->counts({})); // makes the file
    ask(file, "CREATE TABLE effects (id TEXT PRIMARY KEY, fence INTEGER, writer TEXT)");
    child stale(file, folder.path(), "wait");
    add(1);
    ASSERT_TRUE(wait_until([&] { return begun() == 1; }));
    stop_between_transactions(stale);
    const auto id = starts().begin()->first;
    jobs.define_job({.name = "count", .handler = [&](json::value, job_context& job) {
                         ask(file, "INSERT INTO effects VALUES ('" + job.id() + "', " + std::to_string(job.fence()) +
                                       ", 'test')");
                         return 42;
                     }});
    worker w(jobs);
    loop.start(w.run());
    ASSERT_TRUE(loop.until([&] { return completed() == 1; }));
    const auto before = all_jobs().at(0);
    std::ofstream(folder / "go").put('!');
    stale.signal(SIGCONT);
    ASSERT_TRUE(wait_until([&] { return lines_of(folder / "done").size() == 1; }));
    EXPECT_EQ(lines_of(folder / "done").at(0), id + " refused");
    EXPECT_EQ(ask(file, "SELECT writer FROM effects"), "test");
    // Its worker says so after its handler; then it takes the next.
    add(1);
    loop.await(w.stop(10s));
    add(1);
    ASSERT_TRUE(wait_until([&] { return completed() == 3; }));
    const auto after = all_jobs().at(0);
    EXPECT_EQ(after.result, "42");
    EXPECT_EQ(after.stalls, 1);
    EXPECT_EQ(after.attempts_made, 1);
    EXPECT_EQ(after.fence, before.fence);
    EXPECT_EQ(after.finished_at, before.finished_at);
}

} // namespace
} // namespace infra::queue::tests
