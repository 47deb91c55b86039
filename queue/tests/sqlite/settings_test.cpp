#include "support.hpp"

#include "src/sqlite/verbs.hpp"

// Settings where they are kept: counted for all processes, and undone with what set them.

namespace infra::queue::tests {
namespace {

class SqliteSettings : public ::testing::Test {
protected:
    ~SqliteSettings() override { expect_sound(options.file); }

    std::shared_ptr<backend> open() { return make_sqlite_backend(options); }
    ids claim(const std::shared_ptr<backend>& from, wall_time now, std::size_t max = 10) {
        return ids_of(loop.await(from->claim({.queues = {"mail"}, .max = max, .worker = "me", .now = now})));
    }

    temporary_folder folder;
    const sqlite_options options{.file = folder / "queue.db", .durability = durability::normal};
    test_loop loop;
};

TEST_F(SqliteSettings, LimitAllProcessesTogether) {
    const auto one = open(), other = open();
    loop.await(one->configure({.queue = "mail", .rate = rate_limit{.max = 3, .duration = 10s}}));
    loop.await(one->enqueue({make_job("a"), make_job("b"), make_job("c"), make_job("d")}));
    EXPECT_EQ(claim(one, t0, 2), (ids{"a", "b"}));
    EXPECT_EQ(claim(other, t0 + 1s), ids{"c"});
    EXPECT_EQ(claim(one, t0 + 2s), ids{});
    EXPECT_EQ(claim(open(), t0 + 3s), ids{}) << "one that opens the file later counts anew";
    loop.await(other->configure({.queue = "mail", .concurrency = 1}));
    EXPECT_EQ(claim(one, t0 + 9s), ids{}) << "its leases are alive";
    EXPECT_EQ(claim(one, t0 + 12s), ids{"c"}) << "whose worker is gone";
}

TEST_F(SqliteSettings, RefuseOneAndStoreTheOthersOfItsTransaction) {
    const auto stored = open();
    loop.await(stored->configure({.queue = "mail", .max_length = 1}));
    std::vector<std::shared_ptr<pending<std::vector<added_job>>>> all;
    for (int i = 0; i < 50; ++i)
        all.push_back(
            loop.start(stored->enqueue({make_job("j" + std::to_string(i), {}, i % 2 == 0 ? "mail" : "images")})));
    ASSERT_TRUE(loop.until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->ended; }); }));
    EXPECT_EQ(std::ranges::count_if(
                  all, [](const auto& each) { return each->failure && infra::code_of(each->failure) == errc::full; }),
              24);
    const auto counts = loop.await(stored->counts({"mail", "images"}));
    EXPECT_EQ(counts[0].waiting, 1u);
    EXPECT_EQ(counts[1].waiting, 25u);
}

// The ledger past the writer: what one operation of a transaction did is undone, and not what others did.
TEST_F(SqliteSettings, AreUndoneWithTheOperationThatSetThem) {
    const std::atomic<bool> give_up{false};
    sqlite::presence alive(options.file);
    sqlite::store s(options, give_up, alive);
    s.begin(sqlite::access::write);
    s.begin_part();
    configure(s, {.queue = "mail", .concurrency = 3});
    configure(s, {.queue = "images", .max_length = 7});
    s.end_part();
    s.begin_part();
    configure(s, {.queue = "mail", .paused = true, .concurrency = 9});
    configure(s, {.queue = "new", .paused = true});
    EXPECT_EQ(forget_queue(s, "images"), true);
    EXPECT_EQ(settings(s, "images").max_length, 0u);
    s.undo_part();
    s.commit();
    const std::vector all{settings(s, "mail"), settings(s, "images"), settings(s, "new")};
    EXPECT_EQ(all, (std::vector<queue_settings>{
                       {.queue = "mail", .concurrency = 3}, {.queue = "images", .max_length = 7}, {.queue = "new"}}));
    const auto reader = open();
    for (const auto& each : all)
        EXPECT_EQ(loop.await(reader->settings(each.queue)), each) << "the file says otherwise";
    s.begin(sqlite::access::write);
    EXPECT_TRUE(s.queues.limits_some());
    for (const auto* name : {"mail", "images", "unheard of"})
        EXPECT_EQ(forget_queue(s, name), true);
    EXPECT_FALSE(s.queues.limits_some());
    s.commit();
    EXPECT_TRUE(loop.await(reader->counts({})).empty());
}

TEST_F(SqliteSettings, AreGoneWithTheirQueue) {
    const auto stored = open();
    loop.await(stored->configure({.queue = "mail", .paused = true, .max_length = 1}));
    loop.await(stored->enqueue({make_job("a")}));
    EXPECT_FALSE(loop.await(stored->forget_queue("mail"))) << "it has a job";
    loop.await(stored->configure({.queue = "mail", .paused = false}));
    ASSERT_EQ(claim(stored, t0), ids{"a"});
    EXPECT_FALSE(loop.await(stored->forget_queue("mail"))) << "its job runs";
    const auto again = loop.await(stored->claim({.queues = {"mail"}, .max = 1, .worker = "me", .now = t0 + 1h}));
    loop.await(stored->finish({{.held = again.jobs.at(0).held, .at = t0, .keep = {.count = 0}}}));
    EXPECT_TRUE(loop.await(stored->forget_queue("mail")));
    loop.await(stored->enqueue({make_job("b"), make_job("c")}));
    EXPECT_EQ(claim(stored, t0 + 1h), (ids{"b", "c"}));
}

TEST_F(SqliteSettings, AreGoneAfterManyDeduplicationsBitByBit) {
    const auto stored = open();
    loop.await(stored->configure({.queue = "mail", .paused = true}));
    ask(options.file, "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 2500) "
                      "INSERT INTO infra_deduplications (queue, id, seq) SELECT q.id, n, 1 FROM infra_queues q, s");
    const auto held = [&] { return ask(options.file, "SELECT count(*) FROM infra_deduplications"); };
    {
        const std::atomic<bool> give_up{false};
        sqlite::presence alive(options.file);
        sqlite::store s(options, give_up, alive);
        s.begin(sqlite::access::write);
        EXPECT_EQ(forget_queue(s, "mail"), std::nullopt);
        s.commit();
    }
    EXPECT_EQ(held(), "1500");
    EXPECT_TRUE(loop.await(stored->forget_queue("mail")));
    EXPECT_EQ(held(), "0");
    EXPECT_TRUE(loop.await(stored->counts({})).empty());
}

} // namespace
} // namespace infra::queue::tests
