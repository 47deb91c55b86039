// What most additions are goes another way than the rest, by scripts/add_plain.lua: it leaves the same there, or nothing.

#include "src/redis/plain_add.hpp"
#include "tests/redis/stage.hpp"

#include <functional>
#include <random>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;
using call_groups = std::vector<job_group>;

class QueueRedisPlainAdd : public on_a_stage {
protected:
    static std::vector<const job_group*> pointers(const call_groups& all) {
        std::vector<const job_group*> groups;
        for (const auto& each : all)
            groups.push_back(&each);
        return groups;
    }
    static lines ids_of(const std::vector<group_added>& all) {
        lines ids;
        for (const auto& group : all) {
            ids.emplace_back(group.refused ? "refused" : "added");
            for (const auto& each : group.added)
                ids.push_back(each.id + (each.how == addition::created ? "" : " is no new one"));
        }
        return ids;
    }

    std::optional<std::vector<group_added>> add_plainly(const call_groups& all, const receipt& as = {}) {
        const auto groups = pointers(all);
        EXPECT_TRUE(are_plain(groups));
        return read_plainly_added(groups, ask(plain_add_command("bull", groups, as)));
    }
    lines add_in_any_way(const call_groups& all) {
        const auto groups = pointers(all);
        return ids_of(read_added(groups, ask(add_command("bull", groups))));
    }
    /// As the line of additions does: what is not done plainly has left nothing.
    lines add_plainly_if_so(const call_groups& all) {
        const auto before = left();
        if (const auto added = add_plainly(all))
            return ids_of(*added);
        EXPECT_EQ(before, left());
        return add_in_any_way(all);
    }
};

// --- Beside the general way ------------------------------------------------------------------------------------------

using draw = std::mt19937;

int one_of(draw& by, int n) { return static_cast<int>(by() % static_cast<unsigned>(n)); }

new_job drawn_job(draw& by) {
    auto job = plain_job(one_of(by, 4) == 0 ? "other" : "usual", std::to_string(one_of(by, 1000)));
    if (one_of(by, 4) == 0)
        job.options.attempts = 3;
    if (one_of(by, 3) == 0)
        job.carrier = R"({"traceparent":"00-)" + std::to_string(one_of(by, 3)) + R"("})";
    if (one_of(by, 5) == 0)
        job.created_at += std::chrono::milliseconds(one_of(by, 3));
    return job;
}

call_groups drawn_call(draw& by) {
    call_groups all(static_cast<std::size_t>(1 + one_of(by, 6)));
    for (auto& group : all)
        for (int i = one_of(by, 3) == 0 ? one_of(by, 12) : 0; i >= 0; --i)
            group.push_back(drawn_job(by));
    return all;
}

TEST_F(QueueRedisPlainAdd, LeavesWhatTheGeneralWayLeaves) {
    new_job grouped = plain_job("grouped"), late = plain_job("late"), urgent = plain_job("urgent");
    grouped.group = "a";
    late.run_at = queue::tests::t0 + 1s;
    urgent.options.priority = 3;
    const std::vector<std::function<void()>> before{
        [] {},
        [] {},
        [&] { add({plain_job("first"), late, urgent}); },
        [&] {
            for (int i = 0; i < 7; ++i)
                add(plain_job("first"));
            take(3);
        },
        [&] { ask({"HSET", "bull:mail:meta", "opts.maxLenEvents", "5"}); },
        [&] { ask({"HSET", "bull:mail:meta", "opts.maxLenEvents", "many", "max", "7", "duration", "1000"}); },
        [&] { ask({"HSET", "bull:mail:meta", "paused", "1", "version", "bullmq:5.81.5"}); },
        [&] { ask({"HSET", "bull:mail:meta", "paused", "1", "version", "bullmq:6.7.0"}); },
        [&] { ask({"HSET", "bull:mail:meta", "concurrency", "1"}); },
        [&] { ask({"HSET", "bull:mail:meta", "infra.max_length", "9"}); },
        [&] { add(grouped); },
        [&] { ask({"SET", "bull:mail:events", "somebody's"}); },
        [&] { ask({"SET", "bull:mail:marker", "somebody's"}); },
        [&] { ask({"SET", "bull:mail:id", "9007199254740000"}); },
    };
    draw by(20260101);
    for (int play = 0; play < 120; ++play) {
        const auto& scene = before[static_cast<std::size_t>(play) % before.size()];
        const std::vector calls{drawn_call(by), drawn_call(by), drawn_call(by)};
        lines plain, general;
        ask({"FLUSHALL"});
        scene();
        for (const auto& each : calls)
            std::ranges::copy(add_plainly_if_so(each), std::back_inserter(plain));
        const auto left_plainly = left();
        ask({"FLUSHALL"});
        scene();
        for (const auto& each : calls)
            std::ranges::copy(add_in_any_way(each), std::back_inserter(general));
        EXPECT_EQ(plain, general) << "play " << play;
        ASSERT_EQ(left_plainly, left()) << "play " << play;
    }
}

TEST_F(QueueRedisPlainAdd, LeavesWhatBullmqLeaves) {
    add_plainly(
        {{plain_job("many", R"({"n":1})"), plain_job("many", R"({"n":2})")}, {plain_job("many", R"({"n":3})")}});
    expect_left_as_in("bulk");
}

// --- Its edges -------------------------------------------------------------------------------------------------------

TEST_F(QueueRedisPlainAdd, AnswersEachCallerWithIdsThatFollowOneAnother) {
    ask({"SET", "bull:mail:id", "8"});
    const auto done = add_plainly({{plain_job("a")}, {plain_job("b"), plain_job("c")}, {plain_job("d")}});
    ASSERT_TRUE(done);
    EXPECT_EQ(ids_of(*done), (lines{"added", "9", "added", "10", "11", "added", "12"}));
    EXPECT_EQ(line("wait"), (lines{"12", "11", "10", "9"}));
    EXPECT_EQ(ask({"HGET", "bull:mail:11", "name"}).as_text(), "c");
}

TEST_F(QueueRedisPlainAdd, DoesNothingWhereSettingsHaveMoreToSeeTo) {
    for (const auto* setting : {"paused", "concurrency", "infra.max_length", "infra.groups"}) {
        ask({"FLUSHALL"});
        ask({"HSET", "bull:mail:meta", setting, "1"});
        const auto before = left();
        EXPECT_FALSE(add_plainly({{plain_job("one")}}, {.lane = "bull:mail~adds:p:0", .number = 1})) << setting;
        EXPECT_EQ(before, left()) << setting;
    }
}

TEST_F(QueueRedisPlainAdd, IsDoneOnceIfItsAnswerWasLost) {
    const call_groups call{{plain_job("one")}, {plain_job("two")}};
    const receipt as{.lane = "bull:mail~adds:p:0", .number = 7};
    const auto first = add_plainly(call, as);
    ask({"HSET", "bull:mail:meta", "paused", "1"});
    const auto again = add_plainly(call, as);
    ASSERT_TRUE(first && again);
    EXPECT_EQ(ids_of(*first), ids_of(*again));
    EXPECT_EQ(line("wait").size(), 2u);
    EXPECT_THROW(add_plainly(call, {.lane = as.lane, .number = 6}), error);
}

TEST_F(QueueRedisPlainAdd, SharesItsReceiptsWithTheGeneralWay) {
    const call_groups call{{plain_job("one")}};
    const auto groups = pointers(call);
    const std::string lane = "bull:mail~adds:p:0";
    ask(add_command("bull", groups, {.lane = lane, .number = 1}));
    EXPECT_EQ(ids_of(add_plainly(call, {.lane = lane, .number = 2}).value()), (lines{"added", "2"}));
    const auto third = read_added(groups, ask(add_command("bull", groups, {.lane = lane, .number = 3})));
    EXPECT_EQ(ids_of(third), (lines{"added", "3"}));
}

TEST_F(QueueRedisPlainAdd, TrimsTheEventsOfEarlierCalls) {
    ask({"HSET", "bull:mail:meta", "opts.maxLenEvents", "10"});
    for (int i = 0; i < 10; ++i)
        add_plainly({job_group(100, plain_job("one"))});
    EXPECT_LT(ask({"XLEN", "bull:mail:events"}).as_integer(), 500);
}

TEST(PlainAdditions, AreNoneWhereMoreIsSaidOfAJob) {
    const auto plain = plain_job("plain");
    const auto is_plain_with = [&](const std::function<void(new_job&)>& change) {
        auto other = plain;
        change(other);
        const job_group first{plain}, second{plain, other};
        return are_plain(std::array<const job_group*, 2>{&first, &second});
    };
    EXPECT_TRUE(is_plain_with([](new_job& j) { j.name = "another", j.carrier = "{}", j.options.attempts = 9; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.queue = "images"; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.id = "order-7"; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.options.priority = 1; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.options.lifo = true; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.options.ttl = 1s; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.expires_at = j.created_at + 1s; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.run_at = j.created_at + 1s; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.group = "a"; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.deduplicate = deduplication{.id = "a"}; }));
    EXPECT_FALSE(is_plain_with([](new_job& j) { j.parent = child_of{.place = 0}; }));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
