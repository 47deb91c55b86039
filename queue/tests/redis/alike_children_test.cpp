// Children that are alike, of which only the data are said.

#include "tests/redis/stage.hpp"

#include <array>

namespace infra::queue::redis_backend::tests {
namespace {

using lines = std::vector<std::string>;

class QueueRedisAlikeChildren : public on_a_stage {
protected:
    static new_job album(job_id id = "") {
        auto job = plain_job("bind");
        job.queue = "albums";
        job.id = std::move(id);
        return job;
    }
    static new_job photo(std::size_t n, child_of of = {}) {
        auto job = plain_job("resize", std::to_string(n));
        job.parent = std::move(of);
        return job;
    }
    /// With so many photos, which get the ids 1, 2 …
    static job_group family(std::size_t photos, job_id id = "") {
        job_group group{album(std::move(id))};
        for (std::size_t n = 1; n <= photos; ++n)
            group.push_back(photo(n));
        return group;
    }
    json::object photo_numbered(std::size_t n) {
        return value_of("bull:mail:" + std::to_string(n), "hash").as_object();
    }
    std::int64_t children_of(const std::string& id) {
        return ask({"SCARD", "bull:albums:" + id + ":dependencies"}).as_integer();
    }
};

TEST_F(QueueRedisAlikeChildren, DifferInTheirDataAlone) {
    const auto added = add(family(12));
    ASSERT_EQ(added.size(), 13u);
    const auto first = photo_numbered(1);
    EXPECT_EQ(first.at("parentKey"), json::value("bull:albums:1"));
    for (std::size_t n = 1; n <= 12; ++n) {
        EXPECT_EQ(added[n].id, std::to_string(n));
        EXPECT_EQ(added[n].how, addition::created);
        auto wanted = first;
        wanted["data"] = std::to_string(n);
        EXPECT_EQ(photo_numbered(n), wanted);
        EXPECT_EQ(ask({"SISMEMBER", "bull:albums:1:dependencies", "bull:mail:" + added[n].id}).as_integer(), 1);
    }
    EXPECT_EQ(children_of("1"), 12);
    EXPECT_EQ(line("wait"), (lines{"12", "11", "10", "9", "8", "7", "6", "5", "4", "3", "2", "1"}));
    const auto told = events();
    EXPECT_EQ(lines(told.end() - 4, told.end()), (lines{"added 11", "waiting 11", "added 12", "waiting 12"}));
}

TEST_F(QueueRedisAlikeChildren, AreNotAlikeWithAnotherFlagOrOtherTraces) {
    auto group = family(4);
    group[2].parent->on_failure = child_failure::ignore;
    group[4].carrier = R"({"traceparent":"00-4"})";
    add(group);
    EXPECT_NE(photo_numbered(1).at("parent"), photo_numbered(2).at("parent"));
    EXPECT_EQ(photo_numbered(1).at("parent"), photo_numbered(3).at("parent"));
    EXPECT_NE(photo_numbered(4).at("opts"), photo_numbered(3).at("opts"));
    EXPECT_EQ(photo_numbered(4).at("parent"), photo_numbered(3).at("parent"));
    EXPECT_EQ(children_of("1"), 4);
}

TEST_F(QueueRedisAlikeChildren, OfSeveralGroupsOfACallHaveTheParentOfTheirOwn) {
    const auto one = family(3, "one"), two = family(3, "two"), alone = job_group{plain_job("resize", "7")};
    const std::array<const job_group*, 3> groups{&one, &two, &alone};
    const auto done = read_added(groups, ask(add_command("bull", groups)));
    EXPECT_EQ(done.at(1).added.at(3).id, "6");
    EXPECT_EQ(done.at(2).added.at(0).id, "7");
    EXPECT_EQ(children_of("one"), 3);
    EXPECT_EQ(children_of("two"), 3);
    EXPECT_EQ(photo_numbered(6).at("parentKey"), json::value("bull:albums:two"));
    EXPECT_FALSE(photo_numbered(7).contains("parentKey"));
}

TEST_F(QueueRedisAlikeChildren, AreLeftOutWithTheirParent) {
    add(album("there"));
    const auto added = add(family(3, "there"));
    ASSERT_EQ(added.size(), 4u);
    for (std::size_t n = 1; n <= 3; ++n)
        EXPECT_EQ(added[n].how, addition::left_out);
    EXPECT_TRUE(line("wait").empty());
    EXPECT_EQ(children_of("there"), 0);
}

TEST_F(QueueRedisAlikeChildren, JoinAParentThatIsStoredUntilItHasTooMany) {
    add(family(1, "album"));
    for (int from = 2; from < 99'999;
         from += 10'000) // a call for all takes longer than a client waits, on a slow machine
        ask({"EVAL",
             "local from = tonumber(ARGV[1]) "
             "for i = from, math.min(from + 9999, 99998) do redis.call('SADD', KEYS[1], 'other:' .. i) end",
             1, "bull:albums:album:dependencies", from});
    const child_of stored{.parent = {"albums", "album"}};
    EXPECT_THROW(add({photo(2, stored), photo(3, stored), photo(4, stored)}), error);
    EXPECT_EQ(children_of("album"), 99'998);
    add({photo(2, stored), photo(3, stored)});
    EXPECT_EQ(children_of("album"), 100'000);
    EXPECT_EQ(ask({"HGET", "bull:albums:album", "infra.family"}).as_text(), "new");
}

TEST_F(QueueRedisAlikeChildren, AreCountedWhereThereIsLittleRoom) {
    ask({"HSET", "bull:mail:meta", "infra.max_length", "3"});
    EXPECT_THROW(add(family(4)), error);
    EXPECT_EQ(add(family(3)).size(), 4u);
    EXPECT_EQ(line("wait").size(), 3u);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
