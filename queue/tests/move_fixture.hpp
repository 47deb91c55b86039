#pragma once

// A queue that is carried from one storage to another.

#include "interop/child_process.hpp"
#include "move_facts.hpp"
#include "support.hpp"

#include <infra/base/json.hpp>
#include <infra/queue/memory.hpp>
#include <infra/queue/move.hpp>
#include <infra/queue/redis_doctor.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/testing/redis_server.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

namespace infra::queue::tests {

using strings = std::vector<std::string>;

enum class storage { memory, sqlite, redis };

inline constexpr std::string_view names_of_storages[] = {"Memory", "Sqlite", "Redis"};

struct ends {
    storage from;
    storage to;
};

inline std::string name_of(const ::testing::TestParamInfo<ends>& info) {
    return std::string(names_of_storages[static_cast<int>(info.param.from)]) + "To" +
           std::string(names_of_storages[static_cast<int>(info.param.to)]);
}

struct interrupted {};

/// What fills a storage, moves it, and looks at what came of it. Redis is one server, with a prefix for each of the two.
class moves : public ::testing::Test {
protected:
    virtual ends between() const = 0;
    virtual bool has_server_of_its_own() const { return uses(storage::redis); }
    virtual redis_queue_options redis_at(std::string prefix) const {
        return {.server = {.socket_path = server->socket()}, .prefix = std::move(prefix)};
    }

    void SetUp() override {
        if (has_server_of_its_own()) {
            if (!testing::redis_server::installed())
                GTEST_SKIP() << testing::redis_server::how_to_install;
            server.emplace();
        }
        from = make(between().from, "from");
        to = make(between().to, "to");
    }
    void TearDown() override {
        if (!from)
            return;
        if (between().to == storage::redis)
            expect_well();
        for (const auto& each : {from, to})
            loop.await(each->stop(deadline::after(30s)));
    }

    void expect_well() {
        const auto seen = loop.await(examine(redis_at("to")));
        for (const auto& found : seen.findings)
            ADD_FAILURE() << found.queue << " " << found.id << ": " << found.detail;
    }

    bool uses(storage s) const { return between().from == s || between().to == s; }
    std::string url_of(storage what, const std::string& name) const {
        return what == storage::redis ? server->url() + "?prefix=" + name
                                      : "sqlite:" + (folder / (name + ".db")).string();
    }
    /// False once it was done.
    bool kill_after(std::size_t steps) const {
        const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "queue_move_child";
        interop::child_process mover({program, url_of(between().from, "from"), url_of(between().to, "to")});
        for (std::size_t i = 0; i < steps; ++i)
            if (mover.line() == "done") {
                EXPECT_EQ(mover.wait(), 0);
                return false;
            }
        mover.kill();
        return true;
    }
    std::size_t known_somewhere() {
        std::set<std::string> known;
        for (auto* each : {from.get(), to.get()})
            for (const auto& j : jobs_of(*each))
                known.insert(j.queue + ":" + j.id);
        return known.size();
    }
    std::shared_ptr<backend> make(storage what, const std::string& name) {
        switch (what) {
        case storage::memory: return make_memory_backend();
        case storage::sqlite: return make_sqlite_backend({.file = folder / (name + ".db")});
        default: return make_redis_backend(redis_at(name));
        }
    }

    // --- filling ---

    std::vector<added_job> add(std::vector<new_job> jobs) { return loop.await(from->enqueue(std::move(jobs))); }
    void add_one(new_job job) { add({std::move(job)}); }
    new_job job(job_id id, job_options options = {}, std::string queue = "mail") {
        auto made = make_job(std::move(id), options, std::move(queue));
        made.created_at = now;
        return made;
    }
    claimed_job take(std::string queue = "mail") { return take_from(*from, std::move(queue)); }
    claimed_job take_from(backend& stored, std::string queue) {
        auto taken = loop.await(stored.claim({.queues = {std::move(queue)}, .worker = "w", .now = now}));
        EXPECT_EQ(taken.jobs.size(), 1u);
        return taken.jobs.empty() ? claimed_job() : taken.jobs.front();
    }
    void end(backend& stored, const claimed_job& job, outcome::kind as, std::string text = {},
             std::optional<wall_time> run_at = {}) {
        outcome o{.held = job.held, .as = as, .at = now, .run_at = run_at, .keep = {.count = 100}};
        (as == outcome::kind::completed ? o.result : o.reason) = std::move(text);
        std::vector<outcome> one{std::move(o)};
        EXPECT_TRUE(loop.await(stored.finish(std::move(one))).at(0));
    }
    void end(const claimed_job& job, outcome::kind as, std::string text = {}, std::optional<wall_time> run_at = {}) {
        end(*from, job, as, std::move(text), run_at);
    }
    void tell(const claimed_job& job, std::string progress, std::string line) {
        std::vector<note> notes{
            {.held = job.held, .progress = progress, .lines = {{now, line}, {now, "bye"}}, .at = now}};
        loop.await(from->tell(std::move(notes)));
    }

    void fill_with_ends() {
        add_one(job("done", {.attempts = 2}));
        const auto done = take();
        tell(done, "50", "hello");
        end(done, outcome::kind::completed, R"({"sent":true})");
        add_one(job("lost"));
        end(take(), outcome::kind::failed, "the mailbox is full");
        add_one(job("again", {.attempts = 5, .backoff = fixed(1s)}));
        end(take(), outcome::kind::retry, "timed out", now + 1h);
    }
    void fill_with_family() {
        auto parent = job("album", {}, "albums");
        auto ready = job("ready"), late = job("late");
        ready.parent = child_of{.place = 0};
        late.parent = child_of{.place = 0, .on_failure = child_failure::ignore};
        add({parent, ready, late});
        end(take(), outcome::kind::completed, R"("page one")");
    }
    void fill_with_waiting() {
        add({job(""), job(""), job("", {.priority = 2})});
        auto later = job("later", {.timeout = 30s});
        later.run_at = now + 2h;
        add_one(later);
        auto special = job("special");
        special.carrier = R"({"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})";
        special.deduplicate = deduplication{.id = "once"};
        special.group = "tenant";
        special.expires_at = now + 3h;
        add_one(special);
    }
    void fill_with_schedule() {
        const auto first = now + 1h, second = now + 2h;
        loop.await(from->upsert({{.queue = "mail",
                                  .id = "daily",
                                  .when = {.pattern = "0 6 * * *"},
                                  .name = "report",
                                  .data = R"({"all":true})",
                                  .next = first,
                                  .now = now}}));
        EXPECT_TRUE(
            loop.await(from->advance({{.of = {"mail", "daily"}, .run = first, .next = second, .now = now}})).at(0));
    }
    void fill() {
        fill_with_ends();
        fill_with_family();
        fill_with_waiting();
        fill_with_schedule();
        loop.await(from->configure({.queue = "mail",
                                    .concurrency = 7,
                                    .rate = rate_limit{.max = 900, .duration = 2s},
                                    .max_length = 5000,
                                    .per_group = group_limits{.concurrency = 3},
                                    .now = now}));
    }

    // --- looking ---

    std::vector<job_info> jobs_of(backend& stored) {
        std::vector<job_info> all;
        list_request request;
        do {
            auto page = loop.await(stored.list(request));
            std::ranges::move(page.jobs, std::back_inserter(all));
            request.cursor = page.next;
        } while (!request.cursor.empty());
        return all;
    }
    void put_family(backend& stored, const job_info& job, strings& into) {
        const auto page = loop.await(stored.children({.parent = {job.queue, job.id}}));
        for (const auto& c : page.children)
            into.push_back(text_of({job.queue, job.id}, c));
    }
    strings facts_of(backend& stored) {
        strings all;
        for (const auto& each : jobs_of(stored)) {
            all.push_back(text_of(each));
            put_family(stored, each, all);
            for (const auto& line : loop.await(stored.logs({each.queue, each.id})))
                all.push_back(text_of({each.queue, each.id}, line));
        }
        for (const auto& each : loop.await(stored.schedules(std::nullopt)))
            all.push_back(text_of(each));
        all.push_back(text_of(loop.await(stored.settings("mail"))));
        std::ranges::sort(all);
        return all;
    }

    std::vector<moved_queue> move_all(move_options how = {}) {
        const auto plan = loop.await(plan_move(from, to));
        EXPECT_EQ(plan.obstacles, strings{});
        return loop.await(move_queues(from, to, plan, std::move(how)));
    }

    wall_time now = from_unix_ms(to_unix_ms(real_clock().wall()));
    temporary_folder folder;
    std::optional<testing::redis_server> server;
    test_loop loop;
    std::shared_ptr<backend> from, to;
};

/// From every storage to every other.
class QueueMove : public moves, public ::testing::WithParamInterface<ends> {
    ends between() const override { return GetParam(); }
};

inline const auto all_ways =
    ::testing::Values(ends{storage::sqlite, storage::redis}, ends{storage::redis, storage::sqlite},
                      ends{storage::sqlite, storage::sqlite}, ends{storage::redis, storage::redis},
                      ends{storage::memory, storage::redis}, ends{storage::redis, storage::memory},
                      ends{storage::memory, storage::sqlite}, ends{storage::sqlite, storage::memory});

} // namespace infra::queue::tests
