#include "support.hpp"

// What depends on how many jobs there are. The rest is in lists_conformance.hpp.

namespace infra::queue::tests {
namespace {

class SqliteList : public ::testing::Test {
protected:
    ~SqliteList() override {
        loop.await(stored->stop(deadline::after(30s)));
        expect_sound(folder / "queue.db");
    }

    void add(std::size_t number, const std::string& queue, const std::string& data = "{}",
             const std::string& name = "welcome") {
        std::vector<new_job> many(number, {.queue = queue, .name = name, .data = data, .created_at = t0});
        loop.await(stored->enqueue(std::move(many)));
    }
    void add_and_fail(const job_id& id, const std::string& queue) {
        loop.await(stored->enqueue({make_job(id, {}, queue)}));
        const auto taken = loop.await(stored->claim({.queues = {queue}, .max = 1, .worker = "me", .now = t0}));
        loop.await(stored->finish(
            {{.held = taken.jobs.at(0).held, .as = outcome::kind::failed, .reason = "bad", .at = t0, .keep = {}}}));
    }

    /// The numbers of all pages, which are counted.
    std::vector<std::int64_t> listed(list_request request) {
        std::vector<std::int64_t> all;
        pages = 0;
        do {
            const auto page = loop.await(stored->list(request));
            EXPECT_LE(page.jobs.size(), request.max);
            for (const auto& each : page.jobs)
                all.push_back(std::stoll(each.id));
            request.cursor = page.next;
            ++pages;
        } while (!request.cursor.empty());
        return all;
    }

    test_loop loop;
    temporary_folder folder;
    std::shared_ptr<backend> stored =
        make_sqlite_backend({.file = folder / "queue.db", .durability = durability::normal});
    std::size_t pages = 0;
};

constexpr std::size_t many = 20'500; // more than are sorted by their states, or passed in one call

TEST_F(SqliteList, ListsALongQueueAmongOthersPageByPage) {
    for (std::size_t i = 0; i < many / 500; ++i) {
        add(500, "mail");
        add(3, "images");
    }
    const auto up = listed({.filter = {.queue = "mail"}, .max = 1000});
    EXPECT_EQ(up.size(), many);
    EXPECT_TRUE(std::ranges::is_sorted(up));
    auto down = listed({.filter = {.queue = "mail"}, .max = 700, .newest_first = true});
    std::ranges::reverse(down);
    EXPECT_EQ(down, up);
}

TEST_F(SqliteList, FindsTheFewOfAStateAtOnceAmongManyOthers) {
    add_and_fail("first", "mail");
    add(many, "images");
    add_and_fail("last", "mail");
    const auto page = loop.await(stored->list({.filter = {.queue = "mail", .states = {job_state::failed}}}));
    ASSERT_EQ(page.jobs.size(), 2u);
    EXPECT_EQ(page.jobs[0].id, "first");
    EXPECT_EQ(page.jobs[1].id, "last");
    EXPECT_EQ(page.next, "");
    EXPECT_EQ(loop.await(stored->list({.filter = {.states = {job_state::failed}}})).jobs.size(), 2u) << "of all queues";
}

TEST_F(SqliteList, LooksAtABoundedNumberOfJobsInOneCall) {
    add(many, "mail");
    EXPECT_EQ(listed({.filter = {.queue = "mail", .data_contains = "nowhere"}, .max = many}).size(), 0u);
    EXPECT_EQ(pages, 21u);
    EXPECT_EQ(listed({.filter = {.queue = "mail"}, .max = many}).size(), many);
    EXPECT_EQ(pages, 21u);
}

TEST_F(SqliteList, FindsTheFirstOfALongQueueAtOnceBehindManyOthers) {
    add(many, "mail");
    add(many, "images");
    add(5, "mail");
    add(many, "images");
    const auto last = loop.await(stored->list({.filter = {.queue = "mail"}, .max = 10, .newest_first = true}));
    ASSERT_EQ(last.jobs.size(), 5u) << "and the rest lies behind many more";
    EXPECT_EQ(last.jobs[0].id, std::to_string(2 * many + 5));
    const auto before =
        loop.await(stored->list({.filter = {.queue = "mail"}, .max = 10, .newest_first = true, .cursor = last.next}));
    ASSERT_EQ(before.jobs.size(), 10u);
    EXPECT_EQ(before.jobs[0].id, std::to_string(many));
    EXPECT_EQ(loop.await(stored->list({.filter = {.queue = "images"}, .max = 1})).jobs.at(0).id,
              std::to_string(many + 1));
    EXPECT_EQ(listed({.filter = {.queue = "mail"}, .max = 1000}).size(), many + 5);
    EXPECT_EQ(listed({.filter = {.queue = "mail"}, .max = 1000, .newest_first = true}).size(), many + 5);
}

TEST_F(SqliteList, PassesJobsOfOtherNamesWithoutReadingThem) {
    add(many, "mail");
    add(2, "mail", "{}", "goodbye");
    add(many, "mail");
    EXPECT_EQ(listed({.filter = {.queue = "mail", .name = "goodbye"}, .max = 10}).size(), 2u);
    EXPECT_LE(pages, 3u);
    EXPECT_EQ(listed({.filter = {.name = "nobody's"}, .max = 10}).size(), 0u);
    EXPECT_LE(pages, 3u);
}

TEST_F(SqliteList, PassesJobsOfOtherStatesWithoutReadingThem) {
    add(many + 1500, "mail");
    loop.await(stored->claim({.queues = {"mail"}, .max = 1500, .worker = "me", .now = t0}));
    const auto page =
        loop.await(stored->list({.filter = {.queue = "mail", .states = {job_state::waiting}}, .max = 10}));
    ASSERT_EQ(page.jobs.size(), 10u);
    EXPECT_EQ(page.jobs[0].id, "1501");
}

TEST_F(SqliteList, ReadsABoundedNumberOfBytesInOneCall) {
    add(40, "mail", '"' + std::string(1 << 20, 'x') + '"');
    EXPECT_EQ(listed({.filter = {.queue = "mail"}}).size(), 40u);
    EXPECT_EQ(pages, 3u);
}

TEST_F(SqliteList, RemovesALongQueueBitByBitAndNoOther) {
    add(many, "mail");
    add(7, "images");
    change_request request{.what = job_change::remove, .filter = {.queue = "mail"}, .now = t0};
    std::size_t removed = 0;
    do {
        const auto result = loop.await(stored->change(request));
        EXPECT_LE(result.changed, 1000u);
        removed += result.changed;
        request.cursor = result.next;
    } while (!request.cursor.empty());
    EXPECT_EQ(removed, many);
    EXPECT_EQ(loop.await(stored->counts({"images"})).at(0).waiting, 7u);
}

} // namespace
} // namespace infra::queue::tests
