#pragma once

#include "subject.hpp"

#include <infra/storage/error.hpp>

#include <atomic>

namespace infra::storage {

#define INFRA_NEEDS_CONDITIONAL_WRITES()                                                                               \
    if (!can.conditional_writes)                                                                                       \
    GTEST_SKIP() << "it has no conditional writes"

TEST_P(BucketConformance, CreatesOnlyWhatIsNotThere) {
    INFRA_NEEDS_CONDITIONAL_WRITES();
    put("a", "first", {.if_absent = true});
    EXPECT_EQ(put_failure("a", "second", {.if_absent = true}), errc::precondition);
    EXPECT_EQ(read("a"), "first");
    remove("a");
    put("a", "third", {.if_absent = true});
    EXPECT_EQ(read("a"), "third");
}

TEST_P(BucketConformance, LetsOneOfManyCreate) {
    INFRA_NEEDS_CONDITIONAL_WRITES();
    for (int round = 0; round < 5; ++round) {
        const auto name = "race-" + std::to_string(round);
        std::atomic<int> won = 0, winner = -1;
        at_once(4, [&](int i) {
            testing::test_loop mine;
            const auto bytes = "of " + std::to_string(i);
            const auto done =
                mine.run(put_bytes(subject.object, request(name, bytes, {.if_absent = true}), bytes, soon()));
            if (!done->failure)
                ++won, winner = i;
            else
                EXPECT_TRUE(done->code() == errc::precondition || refuses_for_now(done->failure)) << done->what();
        });
        EXPECT_EQ(won, 1);
        EXPECT_EQ(read(name), "of " + std::to_string(winner));
    }
}

TEST_P(BucketConformance, ReplacesOnlyWhatIsAsExpected) {
    INFRA_NEEDS_CONDITIONAL_WRITES();
    const auto first = put("a", "first").etag;
    const auto second = put("a", "second", {.if_match = first}).etag;
    EXPECT_EQ(put_failure("a", "third", {.if_match = first}), errc::precondition);
    EXPECT_EQ(read("a"), "second");
    remove("a");
    EXPECT_EQ(put_failure("a", "fourth", {.if_match = second}), errc::precondition);
    EXPECT_FALSE(exists("a"));
}

TEST_P(BucketConformance, LosesNoUpdateOfManyThatCompareAndSwap) {
    INFRA_NEEDS_CONDITIONAL_WRITES();
    put("counter", "0");
    at_once(4, [&](int) {
        testing::test_loop mine;
        for (int counted = 0; counted < 5;) {
            auto open = mine.get(subject.object->get({.key = at("counter")}, soon()));
            const auto etag = open.info.etag;
            const auto bytes = std::to_string(std::stoi(mine.get(all_of(std::move(open)))) + 1);
            const auto done =
                mine.run(put_bytes(subject.object, request("counter", bytes, {.if_match = etag}), bytes, soon()));
            if (!done->failure)
                ++counted;
            else
                ASSERT_TRUE(done->code() == errc::precondition || refuses_for_now(done->failure)) << done->what();
        }
    });
    EXPECT_EQ(read("counter"), "20");
}

TEST_P(BucketConformance, RemovesOnlyWhatIsAsExpected) {
    INFRA_NEEDS_CONDITIONAL_WRITES();
    const auto first = put("a", "first").etag;
    const auto second = put("a", "second").etag;
    EXPECT_EQ(failure(subject.object->remove(at("a"), first, soon())), errc::precondition);
    EXPECT_EQ(read("a"), "second");
    wait(subject.object->remove(at("a"), second, soon()));
    EXPECT_FALSE(exists("a"));
}

TEST_P(BucketConformance, CopiesOnlyWhereTheTargetIsAsExpected) {
    INFRA_NEEDS_CONDITIONAL_WRITES();
    put("from", "new");
    const auto copy = [&](write_conditions write) {
        return failure(subject.object->copy({.from = at("from"), .to = at("to"), .write = std::move(write)}, soon()));
    };
    EXPECT_FALSE(copy({.if_absent = true}));
    EXPECT_EQ(copy({.if_absent = true}), errc::precondition);
    const auto old_etag = put("to", "old").etag;
    put("to", "newer");
    EXPECT_EQ(copy({.if_match = old_etag}), errc::precondition);
    EXPECT_EQ(read("to"), "newer");
    EXPECT_FALSE(copy({.if_match = head("to").etag}));
    EXPECT_EQ(read("to"), "new");
}

TEST_P(BucketConformance, CopiesOnlyWhereTheSourceIsAsExpected) {
    const auto old_etag = put("from", "old").etag;
    const auto new_etag = put("from", "new").etag;
    const auto copy = [&](std::string if_match) {
        return failure(
            subject.object->copy({.from = at("from"), .to = at("to"), .source_if_match = std::move(if_match)}, soon()));
    };
    EXPECT_EQ(copy(old_etag), errc::precondition);
    EXPECT_FALSE(exists("to"));
    EXPECT_FALSE(copy(new_etag));
    EXPECT_EQ(read("to"), "new");
}

TEST_P(BucketConformance, ReadsUnderConditions) {
    const auto old_etag = put("a", "old").etag;
    const auto info = put("a", "new");
    const auto modified = head("a").modified;
    const auto hour = std::chrono::hours(1);
    struct row {
        const char* of;
        read_conditions read;
        const char* name; // of the error; null: it is read
    } const table[] = {
        {"if_match", {.if_match = info.etag}, nullptr},
        {"another if_match", {.if_match = old_etag}, "precondition"},
        {"if_none_match", {.if_none_match = info.etag}, "not_modified"},
        {"another if_none_match", {.if_none_match = old_etag}, nullptr},
        {"modified since", {.if_modified_since = modified - hour}, nullptr},
        {"not modified since", {.if_modified_since = modified}, "not_modified"},
        {"unmodified since", {.if_unmodified_since = modified}, nullptr},
        {"not unmodified since", {.if_unmodified_since = modified - hour}, "precondition"},
    };
    for (const auto& each : table) {
        SCOPED_TRACE(each.of);
        const auto got = loop.run(read_all(subject.object, {.key = at("a"), .read = each.read}, soon()));
        const auto seen = loop.run(subject.object->head(at("a"), each.read, soon()));
        EXPECT_EQ(got->failure == nullptr, each.name == nullptr) << got->what();
        EXPECT_EQ(seen->failure == nullptr, each.name == nullptr) << seen->what();
        for (const auto& failed : {got->failure, seen->failure}) {
            if (!failed || !each.name)
                continue;
            EXPECT_EQ(code(failed), errc::precondition);
            if (std::string_view(each.name) == "not_modified")
                EXPECT_EQ(word_of(failed), each.name);
        }
    }
}

} // namespace infra::storage
