#include "tests/redis/stage.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using queue::tests::t0;
using kind = outcome::kind;
using lines = std::vector<std::string>;

class QueueRedisFamilies : public on_a_stage {
protected:
    static new_job album(job_id id = "album") {
        auto job = plain_job("bind");
        job.queue = "albums";
        job.id = std::move(id);
        return job;
    }
    static new_job photo(job_id id, child_failure on_failure = child_failure::wait) {
        auto job = plain_job("resize");
        job.id = std::move(id);
        job.parent = child_of{.place = 0, .on_failure = on_failure};
        return job;
    }
    double is_in(const std::string& state, const std::string& id = "album") {
        return static_cast<double>(!ask({"ZSCORE", "bull:albums:" + state, id}).is_null());
    }
    std::string refusal(const job_group& group) {
        const auto done = add_group(group);
        return done.refused ? done.refused->what() : "";
    }
    lines all_keys() {
        auto keys = redis::to<lines>(ask({"KEYS", "*"}));
        std::erase_if(keys, [](const std::string& key) { return key.ends_with(":id") || key.ends_with(":meta"); });
        return keys;
    }
};

// --- As BullMQ leaves them -----------------------------------------------------------------------------------------

TEST_F(QueueRedisFamilies, AreLeftAsBullmqLeavesThem) {
    auto parent = album();
    parent.data = R"({"album":7})";
    parent.options.priority = 4;
    auto removed = photo("removed", child_failure::remove);
    removed.run_at = t0 + 10ms;
    add({parent, photo("plain"), photo("failing", child_failure::fail_parent),
         photo("going on", child_failure::continue_parent), photo("ignored", child_failure::ignore), removed});
    expect_left_as_in("family");
}

TEST_F(QueueRedisFamilies, AreReleasedAsBullmqReleasesThem) {
    auto parent = album();
    parent.options.priority = 4;
    add({parent, photo("one"), photo("two")});
    for (const auto* result : {"1", R"({"size":2})"})
        end(take_one(), kind::completed, result);
    expect_left_as_in("familyDone");
}

// But for the parent that fails: BullMQ leaves that to whoever takes it next.
TEST_F(QueueRedisFamilies, FailAsBullmqFailsThem) {
    for (const auto& [flag, policy] : {std::pair("failParentOnFailure", child_failure::fail_parent),
                                       {"continueParentOnFailure", child_failure::continue_parent},
                                       {"ignoreDependencyOnFailure", child_failure::ignore},
                                       {"removeDependencyOnFailure", child_failure::remove}}) {
        auto child = photo(flag, policy), beside = photo(std::string("beside ") + flag);
        child.options.lifo = true;
        beside.run_at = t0 + 1s;
        add({album(std::string("album of ") + flag), child, beside});
        end(take_one(), kind::failed, "too large");
    }
    const std::string doomed = "album of failParentOnFailure";
    expect_left_as_in("childFailed", {"bull:albums:" + doomed, "bull:albums:failed", "bull:albums:wait",
                                      "bull:albums:events", "bull:mail:continueParentOnFailure"});
    EXPECT_TRUE(is_in("failed", doomed));
    EXPECT_EQ(ask({"HGET", "bull:albums:" + doomed, "failedReason"}).as_text(),
              "child bull:mail:failParentOnFailure failed");
}

// --- All or none ---------------------------------------------------------------------------------------------------

TEST_F(QueueRedisFamilies, AGroupThatIsRefusedChangesNothingAndTheOthersGoOn) {
    ask({"HSET", "bull:mail:meta", "infra.max_length", "2"});
    const job_group two{plain_job("a"), plain_job("b")}, family{album(), photo("c")}, other{album("other")};
    const std::array<const job_group*, 3> groups{&two, &family, &other};
    const auto done = read_added(groups, ask(add_command("bull", groups)));
    EXPECT_EQ(done.at(0).added.size(), 2u);
    ASSERT_TRUE(done.at(1).refused);
    EXPECT_EQ(done[1].refused->code(), queue::errc::full);
    EXPECT_NE(std::string(done[1].refused->what()).find("mail"), std::string::npos);
    EXPECT_EQ(done.at(2).added.at(0).id, "other");
    EXPECT_EQ(ask({"EXISTS", "bull:albums:album", "bull:mail:c"}).as_integer(), 0);
    EXPECT_EQ(line("wait").size(), 2u);
}

TEST_F(QueueRedisFamilies, SaysWhatIsWrongWithAFamilyBeforeItWrites) {
    auto orphan = photo("orphan");
    orphan.parent = child_of{.parent = {"albums", "gone"}};
    EXPECT_NE(refusal({plain_job("before"), orphan}).find("\"albums:gone\" can have no children"), std::string::npos);
    add({album(), photo("taken")});
    const auto before = all_keys().size();
    EXPECT_NE(refusal({album("second"), photo("new"), photo("taken")}).find("\"mail:taken\" is another's child"),
              std::string::npos);
    EXPECT_EQ(all_keys().size(), before);
}

TEST_F(QueueRedisFamilies, OfAParentWithoutAnIdKnowTheOneItGets) {
    const auto added = add({album(""), photo("c")});
    EXPECT_EQ(added.at(0).id, "1");
    EXPECT_EQ(ask({"HGET", "bull:mail:c", "parentKey"}).as_text(), "bull:albums:1");
    EXPECT_EQ(read_parent(ask({"HGET", "bull:mail:c", "parent"}).as_text()).value().id, "1");
    const auto opts = read_object(ask({"HGET", "bull:mail:c", "opts"}).as_text()).value();
    EXPECT_EQ(opts.at("parent").at("id"), json::value("1"));
}

TEST_F(QueueRedisFamilies, BytesThatStandForAnIdElsewhereAreLeftAlone) {
    auto child = photo("c");
    child.data = "\x01 and \\u0001";
    child.deduplicate = deduplication{.id = "\x01"};
    child.carrier = R"(","parent":{"id":"\u0001)";
    add({album(""), child});
    EXPECT_EQ(ask({"HGET", "bull:mail:c", "data"}).as_text(), child.data);
    const auto opts = read_options(ask({"HGET", "bull:mail:c", "opts"}).as_text()).value();
    EXPECT_EQ(opts.carrier, child.carrier);
    EXPECT_EQ(opts.deduplicate->id, "\x01");
    EXPECT_EQ(read_parent(ask({"HGET", "bull:mail:c", "parent"}).as_text()).value().id, "1");
}

// --- What others have written --------------------------------------------------------------------------------------

TEST_F(QueueRedisFamilies, WhoseParentNobodyCanReadHurtNobody) {
    const lines odd{R"({"id":{},"queueKey":{}})", R"({"id":7,"queueKey":[]})", "[]", "nothing"};
    add({album(), photo("0"), photo("1"), photo("2"), photo("3"), photo("neighbour")});
    for (std::size_t i = 0; i < odd.size(); ++i)
        ask({"HSET", "bull:mail:" + std::to_string(i), "parent", odd[i]});
    work_request ends{.minutes = 0};
    for (const auto& each : take(5))
        ends.ended.push_back({.end = {.held = {.job = each.key, .token = "token"}, .as = kind::completed, .at = now},
                              .of = remember(each)});
    EXPECT_EQ(work(ends).recorded, std::vector<bool>(5, true));
    EXPECT_EQ(ask({"HLEN", "bull:albums:album:processed"}).as_integer(), 5);
    EXPECT_FALSE(is_in("waiting-children"));
}

TEST_F(QueueRedisFamilies, KeepAllThatFailedWhereBullmqSaysMinusOne) {
    for (const auto* keep : {"-1", R"({"count":-1})", R"({"age":-1,"count":-1})"}) {
        auto late = plain_job("late");
        late.expires_at = t0 + 1s;
        late.id = keep;
        add(late);
        ask({"HSET", std::string("bull:mail:") + keep, "opts", std::string(R"({"removeOnFail":)") + keep + "}"});
        now = t0 + 1s;
        take(1);
    }
    EXPECT_EQ(ask({"ZCARD", "bull:mail:failed"}).as_integer(), 3);
}

// A number is what ids look like that the server gives.
TEST_F(QueueRedisFamilies, AreJoinedByOneThatRuns) {
    for (const auto* id : {"7", "seven"}) {
        auto runs = plain_job("resize");
        runs.id = id;
        add(runs);
        const auto taken = take_one();
        add({album(std::string("album of ") + id), photo(id)});
        EXPECT_TRUE(is_in("waiting-children", std::string("album of ") + id));
        EXPECT_TRUE(end(taken, kind::completed, "1"));
        EXPECT_FALSE(is_in("waiting-children", std::string("album of ") + id)) << "it is released";
    }
    EXPECT_EQ(redis::to<lines>(ask({"LRANGE", "bull:albums:wait", 0, -1})), (lines{"album of 7", "album of seven"}));
}

TEST_F(QueueRedisFamilies, ExpireUnderTheirIdsNobodyElse) {
    auto late = plain_job("late"), other = plain_job("other");
    late.id = other.id = "order-1";
    late.expires_at = t0 + 1s;
    add(late);
    ask({"DEL", "bull:mail:order-1", "bull:mail:wait"}); // as BullMQ's clients remove it
    add(other);
    now += 1s;
    EXPECT_EQ(take_one().name, "other");
}

TEST_F(QueueRedisFamilies, ExpireAtTheLatestWhenTheyAreTaken) {
    auto late = plain_job("late");
    late.expires_at = t0 + 1s;
    add({late, plain_job("other")});
    ask({"DEL", "bull:mail~expiring"}); // as if the line were too long to look for it
    now += 1s;
    const auto done = work({.token = "token", .most = 1, .minutes = 0});
    EXPECT_EQ(done.expired, (std::vector<job_key>{{"mail", "1"}}));
    EXPECT_TRUE(done.taken.empty());
    EXPECT_EQ(take_one().name, "other");
}

TEST_F(QueueRedisFamilies, OfARunOfAScheduleAreReleasedWhenTheLastOfThemGoes) {
    auto run = album("repeat:nightly:1767225600000");
    auto child = photo("c");
    child.deduplicate = deduplication{.id = "d", .replace = true};
    child.run_at = t0 + 1h;
    add({run, child});
    auto instead = plain_job("instead");
    instead.deduplicate = child.deduplicate;
    add(instead);
    EXPECT_FALSE(is_in("waiting-children", run.id));
    EXPECT_EQ(redis::to<lines>(ask({"LRANGE", "bull:albums:wait", 0, -1})), (lines{run.id}));
}

// --- Laid down piece by piece --------------------------------------------------------------------------------------

class QueueRedisLargeFamily : public QueueRedisFamilies {
protected:
    static job_group large_family(std::size_t children) {
        job_group group{album("")};
        for (std::size_t i = 0; i < children; ++i)
            group.push_back(photo(""));
        return group;
    }
    void put_down(const laid_down_group& group) {
        for (const auto& piece : group.pieces)
            loop.await(client->transaction(piece));
    }
    static group_added read(const job_group& group, redis::reply answer) {
        const std::array<const job_group*, 1> groups{&group};
        return read_added(groups, std::move(answer)).at(0);
    }
};

TEST_F(QueueRedisLargeFamily, IsSeenByNobodyBeforeItIsThereAsAWhole) {
    const auto group = large_family(2500);
    EXPECT_FALSE(fits_one_call(group));
    const auto all = lay_down("bull", group, "token");
    EXPECT_EQ(all.pieces.size(), 3u);
    put_down(all);
    EXPECT_EQ(all_keys().size(), 3u) << "three pieces, and no job";
    EXPECT_GT(ask({"PTTL", "bull:albums~laid-down:token:1"}).as_integer(), 0);
    const auto done = read(group, ask(all.add));
    ASSERT_EQ(done.added.size(), group.size());
    EXPECT_EQ(done.added.back().id, "2500");
    EXPECT_EQ(ask({"SCARD", "bull:albums:1:dependencies"}).as_integer(), 2500);
    EXPECT_EQ(line("wait").size(), 2500u);
    EXPECT_EQ(line("wait").back(), "1") << "the first comes first";
    EXPECT_TRUE(is_in("waiting-children", "1"));
    EXPECT_EQ(ask({"EXISTS", "bull:albums~laid-down:token:1", "bull:albums~laid-down:token:3"}).as_integer(), 0);
}

TEST_F(QueueRedisLargeFamily, LeavesTheSameAsASmallOne) {
    const job_group group{album(), photo("plain"), photo("failing", child_failure::fail_parent)};
    const auto all = lay_down("bull", group, "token");
    put_down(all);
    put_down(all); // which may be repeated
    read(group, ask(all.add));
    const auto one_way = left();
    ask({"FLUSHALL"});
    add(group);
    const auto other_way = left();
    for (const auto* all_left : {&one_way, &other_way})
        EXPECT_EQ(all_left->size(), 13u);
    for (const auto& each : other_way)
        EXPECT_EQ(one_way.at(each.key()), each.value()) << each.key();
}

TEST_F(QueueRedisLargeFamily, IsNotAddedOnceAPieceOfItIsGone) {
    const auto group = large_family(1500);
    const auto all = lay_down("bull", group, "token");
    put_down(all);
    ask({"DEL", "bull:albums~laid-down:token:2"});
    EXPECT_TRUE(ask(all.add).is_error());
    EXPECT_EQ(all_keys(), (lines{"bull:albums~laid-down:token:1"}));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
