// Queues that are carried from every storage to every other.

#include "interop/child_process.hpp"
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
namespace {

using strings = std::vector<std::string>;

enum class storage { memory, sqlite, redis };

constexpr std::string_view names[] = {"Memory", "Sqlite", "Redis"};

struct ends {
    storage from;
    storage to;
};

std::string name_of(const ::testing::TestParamInfo<ends>& info) {
    return std::string(names[static_cast<int>(info.param.from)]) + "To" +
           std::string(names[static_cast<int>(info.param.to)]);
}

// --- What is known of a storage, as texts that can be compared -----------------------------------------------------

std::string text_of(const std::optional<wall_time>& at) { return at ? std::to_string(to_unix_ms(*at)) : "-"; }

std::string text_of(const job_options& o) {
    const auto count = [](const keep& k) { return k.count ? std::to_string(*k.count) : "all"; };
    return std::to_string(o.attempts) + "/" + std::to_string(o.priority) + "/" + (o.lifo ? "lifo" : "fifo") + "/" +
           std::to_string(o.backoff.delay.count()) + "/" + std::to_string(o.timeout.value_or(0ms).count()) + "/" +
           count(o.keep_completed) + "/" + count(o.keep_failed);
}

std::string text_of(const job_info& j) {
    std::string text = j.queue + ":" + j.id + " " + std::string(to_string(j.state)) + " " + j.name + " " + j.data +
                       " result " + j.result + " reason " + j.failed_reason + " attempts " +
                       std::to_string(j.attempts_made) + " fence " + std::to_string(j.fence) + " stalls " +
                       std::to_string(j.stalls) + " at " + text_of(j.created_at) + " " + text_of(j.run_at) + " " +
                       text_of(j.started_at) + " " + text_of(j.finished_at) + " " + text_of(j.expires_at) + " " +
                       text_of(j.options) + " once " + j.deduplication_id + " progress " + j.progress + " group " +
                       j.group + " parent " + (j.parent ? j.parent->queue + ":" + j.parent->id : "-") + " children " +
                       std::to_string(j.children.pending) + "/" + std::to_string(j.children.completed) + "/" +
                       std::to_string(j.children.failed);
    for (const auto& e : j.errors)
        text += " error " + std::to_string(e.attempt) + " " + text_of(e.at) + " " + e.reason;
    return text;
}

std::string text_of(const job_key& parent, const child_info& c) {
    return parent.queue + ":" + parent.id + " has " + c.job.queue + ":" + c.job.id + " " +
           std::string(to_string(c.state)) + " " + c.result + " " + c.failed_reason + " " +
           std::string(to_string(c.on_failure));
}

std::string text_of(const schedule_info& s) {
    return "schedule " + s.queue + ":" + s.id + " " + s.when.pattern + " " + s.name + " " + s.data + " " +
           std::to_string(s.runs) + " " + text_of(s.next) + " " + text_of(s.last) + " " + text_of(s.options) +
           (s.pending ? " pending" : "");
}

std::string text_of(const queue_settings& s) {
    return "settings " + s.queue + " " + std::to_string(s.concurrency) + " " + std::to_string(s.rate.max) + " " +
           std::to_string(s.rate.duration.count()) + " " + std::to_string(s.max_length) + " " +
           std::to_string(s.per_group.concurrency);
}

struct interrupted {};

class QueueMove : public ::testing::TestWithParam<ends> {
protected:
    void SetUp() override {
        if (uses(storage::redis)) {
            if (!testing::redis_server::installed())
                GTEST_SKIP() << testing::redis_server::how_to_install;
            server.emplace();
        }
        from = make(GetParam().from, "from");
        to = make(GetParam().to, "to");
    }
    void TearDown() override {
        if (!from)
            return;
        if (GetParam().to == storage::redis)
            expect_well();
        for (const auto& each : {from, to})
            loop.await(each->stop(deadline::after(30s)));
    }

    void expect_well() {
        const auto seen = loop.await(examine(redis_at("to")));
        for (const auto& found : seen.findings)
            ADD_FAILURE() << found.queue << " " << found.id << ": " << found.detail;
    }

    bool uses(storage s) const { return GetParam().from == s || GetParam().to == s; }
    redis_queue_options redis_at(std::string prefix) const {
        return {.server = {.socket_path = server->socket()}, .prefix = std::move(prefix)};
    }
    std::string url_of(storage what, const std::string& name) const {
        return what == storage::redis ? server->url() + "?prefix=" + name
                                      : "sqlite:" + (folder / (name + ".db")).string();
    }
    /// False once it was done.
    bool kill_after(std::size_t steps) const {
        const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "queue_move_child";
        interop::child_process mover({program, url_of(GetParam().from, "from"), url_of(GetParam().to, "to")});
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
                all.push_back(each.id + " said " + text_of(line.at) + " " + line.text);
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

TEST_P(QueueMove, CarriesAllThatIsKnown) {
    fill();
    const auto before = facts_of(*from);
    const auto moved = move_all();
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
    EXPECT_EQ(loop.await(from->schedules(std::nullopt)).size(), 0u);
    ASSERT_EQ(moved.size(), 2u);
    EXPECT_EQ(moved[0].queue, "albums");
    EXPECT_EQ(moved[0].carried, 1u);
    EXPECT_EQ(moved[1].carried, 11u); // with a run whose schedule went on
    EXPECT_EQ(moved[1].removed, 11u);
    EXPECT_EQ(moved[1].schedules, 1u);
    EXPECT_FALSE(loop.await(to->settings("mail")).paused);
    EXPECT_TRUE(loop.await(from->settings("mail")).paused);
}

TEST_P(QueueMove, LeavesJobsInTheOrderOfTheirLine) {
    job_options front{.lifo = true};
    add({job("a"), job("b"), job("last", {.priority = 9}), job("p", {.priority = 3}), job("x", front),
         job("y", front)});
    move_all();
    strings order;
    const auto taken = loop.await(to->claim({.queues = {"mail"}, .max = 10, .worker = "w", .now = now}));
    for (const auto& each : taken.jobs)
        order.push_back(each.held.job.id);
    EXPECT_EQ(order, (strings{"y", "x", "a", "b", "p", "last"}));
}

TEST_P(QueueMove, LetsAFamilyGoOnWhereItIs) {
    fill_with_family();
    move_all();
    const auto late = take_from(*to, "mail");
    EXPECT_EQ(late.held.job.id, "late");
    end(*to, late, outcome::kind::failed, "no page two");
    const auto album = take_from(*to, "albums");
    EXPECT_EQ(album.held.job.id, "album");
    std::map<std::string, std::string> seen;
    const auto page = loop.await(to->children({.parent = {"albums", "album"}}));
    for (const auto& c : page.children)
        seen[c.job.id] = c.result + c.failed_reason;
    EXPECT_EQ(seen, (std::map<std::string, std::string>{{"late", "no page two"}, {"ready", R"("page one")"}}));
}

TEST_P(QueueMove, KeepsWhatHoldsADeduplicationAndTheNumbers) {
    add_one(job(""));
    auto once = job("special");
    once.deduplicate = deduplication{.id = "once", .ttl = 1h};
    add_one(once);
    const auto ids = jobs_of(*from);
    move_all();
    once.id = "another";
    std::vector<new_job> again{once, job("")};
    const auto added = loop.await(to->enqueue(std::move(again)));
    EXPECT_EQ(added[0].how, addition::deduplicated);
    EXPECT_EQ(added[0].id, "special");
    EXPECT_EQ(added[1].how, addition::created);
    for (const auto& each : ids)
        EXPECT_NE(added[1].id, each.id) << "a number was given twice";
}

TEST_P(QueueMove, GoesOnWhereItWasInterruptedAnywhere) {
    fill();
    const auto before = facts_of(*from);
    const auto jobs = jobs_of(*from).size();
    std::size_t interruptions = 0;
    for (std::size_t after = 1;; ++after) {
        std::size_t steps = 0;
        try {
            move_all({.page = 2, .resume = true, .on_progress = [&](const move_progress&) {
                          if (++steps == after)
                              throw interrupted();
                      }});
            break;
        } catch (const interrupted&) {
            ++interruptions;
        }
        ASSERT_EQ(known_somewhere(), jobs) << "after step " << after;
    }
    EXPECT_GT(interruptions, 5u);
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
}

TEST_P(QueueMove, LosesNothingWhenItIsKilled) {
    if (uses(storage::memory))
        GTEST_SKIP() << "memory ends with its process";
    fill();
    const auto before = facts_of(*from);
    const auto jobs = known_somewhere();
    std::size_t kills = 0;
    for (std::size_t steps = 1; kill_after(steps); steps += 5, ++kills)
        ASSERT_EQ(known_somewhere(), jobs) << "after step " << steps;
    EXPECT_GT(kills, 3u);
    EXPECT_EQ(facts_of(*to), before);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
}

TEST_P(QueueMove, CarriesWhatIsAddedMeanwhile) {
    add({job("a"), job("b")});
    bool has_added = false;
    std::shared_ptr<pending<std::vector<added_job>>> adding;
    move_all({.page = 1, .on_progress = [&](const move_progress& p) {
                  if (p.step == move_step::removing && !std::exchange(has_added, true))
                      adding = loop.start(from->enqueue({job("c")}));
              }});
    ASSERT_TRUE(adding && loop.until([&] { return adding->ended; }));
    if (!jobs_of(*from).empty()) // it came after the end
        loop.await(move_queues(from, to, loop.await(plan_move(from, to)), {}));
    EXPECT_EQ(jobs_of(*to).size(), 3u);
    EXPECT_EQ(jobs_of(*from).size(), 0u);
}

TEST_P(QueueMove, WaitsForJobsThatRun) {
    add({job("a"), job("b")});
    const auto running = take();
    const auto plan = loop.await(plan_move(from, to));
    EXPECT_EQ(plan.remarks.size(), 1u);
    EXPECT_EQ(loop.code_of(move_queues(from, to, plan, {.patience = 0ms})), infra::errc::timed_out);
    EXPECT_EQ(jobs_of(*to).size(), 0u);
    bool has_ended = false;
    std::shared_ptr<pending<std::vector<bool>>> ending;
    std::vector<outcome> one{{.held = running.held, .as = outcome::kind::completed, .at = now, .keep = {.count = 10}}};
    loop.await(move_queues(from, to, plan, {.on_progress = [&](const move_progress& p) {
                               if (p.step == move_step::waiting && !std::exchange(has_ended, true))
                                   ending = loop.start(from->finish(one));
                           }}));
    EXPECT_TRUE(has_ended);
    EXPECT_EQ(jobs_of(*to).size(), 2u);
}

TEST_P(QueueMove, MixesNoJobsUp) {
    add({job("a"), job("b")});
    auto other = job("a");
    other.data = R"({"n":2})";
    loop.await(to->enqueue({other}));
    const auto plan = loop.await(plan_move(from, to));
    EXPECT_EQ(plan.obstacles.size(), 1u);
    EXPECT_EQ(loop.code_of(move_queues(from, to, plan, {})), infra::errc::invalid_state);
    EXPECT_EQ(jobs_of(*from).size(), 2u);
    EXPECT_FALSE(loop.await(from->settings("mail")).paused);
    EXPECT_EQ(jobs_of(*to).size(), 1u);
}

TEST_P(QueueMove, MovesOnlyWhatIsNamedAndTearsNoFamilyApart) {
    fill_with_family();
    add_one(job("other", {}, "photos"));
    EXPECT_EQ(loop.await(plan_move(from, to, {"mail"})).obstacles.size(), 1u);
    EXPECT_EQ(loop.await(plan_move(from, to, {"albums"})).obstacles.size(), 1u);
    const auto plan = loop.await(plan_move(from, to, {"photos"}));
    EXPECT_EQ(plan.obstacles, strings{});
    loop.await(move_queues(from, to, plan, {}));
    EXPECT_EQ(jobs_of(*to).size(), 1u);
    EXPECT_EQ(jobs_of(*from).size(), 3u);
}

TEST_P(QueueMove, StaysPausedWhereItWas) {
    add_one(job("a"));
    loop.await(from->configure({.queue = "mail", .paused = true, .now = now}));
    EXPECT_TRUE(move_all().at(0).paused);
    EXPECT_TRUE(loop.await(to->settings("mail")).paused);
}

INSTANTIATE_TEST_SUITE_P(All, QueueMove,
                         ::testing::Values(ends{storage::sqlite, storage::redis}, ends{storage::redis, storage::sqlite},
                                           ends{storage::sqlite, storage::sqlite}, ends{storage::redis, storage::redis},
                                           ends{storage::memory, storage::redis}, ends{storage::redis, storage::memory},
                                           ends{storage::memory, storage::sqlite},
                                           ends{storage::sqlite, storage::memory}),
                         name_of);

} // namespace
} // namespace infra::queue::tests
