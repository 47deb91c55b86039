#include "support.hpp"

// Duplicates where they are kept: in the file, and among processes.

namespace infra::queue::tests {
namespace {

class SqliteDeduplication : public ::testing::Test {
protected:
    ~SqliteDeduplication() override { expect_sound(options.file); }

    std::shared_ptr<backend> open() { return make_sqlite_backend(options); }
    static new_job make_duplicate(job_id id, deduplication by, wall_time at = t0) {
        auto job = make_job(std::move(id));
        job.deduplicate = std::move(by);
        job.created_at = at;
        return job;
    }
    claim_result claim(const std::shared_ptr<backend>& from, wall_time now = t0) {
        return loop.await(from->claim({.queues = {"mail"}, .max = 10, .worker = "me", .now = now}));
    }

    temporary_folder folder;
    const sqlite_options options{.file = folder / "queue.db", .durability = durability::normal};
    test_loop loop;
};

TEST_F(SqliteDeduplication, BringsAKeptDuplicateBackAsItWas) {
    auto kept = make_duplicate("b", {.id = "d", .keep_last_if_active = true}, t0 + 1s);
    kept.name = "other";
    kept.data = "\"" + std::string(1024 * 1024, 'x') + "\\n\"";
    kept.options = {.attempts = 3, .backoff = exponential(1s), .priority = 4, .lifo = true, .ttl = 9s};
    kept.carrier = R"({"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"})";
    kept.run_at = t0 + 1h;
    kept.expires_at = t0 + 2h;
    lease held;
    {
        const auto stored = open();
        loop.await(stored->enqueue({make_duplicate("a", {.id = "d"})}));
        held = claim(stored).jobs.at(0).held;
        EXPECT_EQ(loop.await(stored->enqueue({kept})).at(0).how, addition::deduplicated);
        loop.await(stored->stop(deadline::after(30s)));
    }
    const auto stored = open();
    EXPECT_EQ(loop.await(stored->finish({{.held = held, .at = t0 + 2s}})), (std::vector{true}));
    const auto info = loop.await(stored->get({{"mail", "b"}})).at(0).value();
    EXPECT_EQ(info.state, job_state::delayed);
    EXPECT_EQ(info.name, kept.name);
    EXPECT_EQ(info.data, kept.data);
    EXPECT_EQ(info.options, kept.options);
    EXPECT_EQ(info.created_at, t0 + 2s) << "it came when its place was free";
    EXPECT_EQ(info.run_at, kept.run_at);
    EXPECT_EQ(info.expires_at, kept.expires_at);
    EXPECT_EQ(info.deduplication_id, "d");
    EXPECT_EQ(claim(stored, t0 + 1h).jobs.at(0).carrier, kept.carrier);
}

TEST_F(SqliteDeduplication, LetsOneOfManyProcessesAdd) {
    const std::vector all{open(), open(), open(), open()};
    for (int round = 0; round < 10; ++round) {
        std::vector<std::shared_ptr<pending<std::vector<added_job>>>> adding;
        for (const auto& each : all)
            adding.push_back(loop.start(each->enqueue({make_duplicate("", {.id = "d" + std::to_string(round)})})));
        ASSERT_TRUE(
            loop.until([&] { return std::ranges::all_of(adding, [](const auto& each) { return each->ended; }); }));
        std::size_t created = 0;
        for (const auto& each : adding) {
            ASSERT_TRUE(each->value);
            created += each->value->at(0).created();
            EXPECT_EQ(each->value->at(0).id, adding[0]->value->at(0).id);
        }
        EXPECT_EQ(created, 1u);
    }
    EXPECT_EQ(loop.await(all[0]->counts({"mail"})).at(0).waiting, 10u);
}

TEST_F(SqliteDeduplication, ForgetsThrottlesThatAreOverAsNewOnesCome) {
    const auto stored = open();
    const auto throttle = [&](int i, wall_time at) {
        return make_duplicate("", {.id = "d" + std::to_string(i), .ttl = 1s}, at);
    };
    std::vector<new_job> first, later;
    for (int i = 0; i < 100; ++i) {
        first.push_back(throttle(i, t0));
        later.push_back(throttle(100 + i, t0 + 1s));
    }
    loop.await(stored->enqueue(first));
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_deduplications"), "100");
    loop.await(stored->enqueue(later));
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_deduplications"), "100");
    loop.await(stored->prune({{.queue = "mail", .now = t0 + 2s}}));
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_deduplications"), "0");
}

} // namespace
} // namespace infra::queue::tests
