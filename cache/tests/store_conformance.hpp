#pragma once

// What every store of the cache must do, as one GoogleTest suite. A backend contributes how to make itself:
//
//     INSTANTIATE_TEST_SUITE_P(Memory, CacheStore, testing::Values(store_case{"Memory", make_memory_subject}),
//                              store_case_name);

#include "support.hpp"

#include <infra/cache/listing.hpp>

#include <atomic>
#include <limits>
#include <ostream>
#include <set>
#include <thread>

namespace infra::cache::tests {

struct store_subject {
    std::shared_ptr<void> surroundings = nullptr; ///< what the store lives on, and so outlives it
    std::shared_ptr<store> stored = nullptr;
    /// Lets time pass for what is stored.
    std::function<void(milliseconds)> pass = nullptr;
    /// The same values as another process sees them; null for a store that no other process sees.
    std::shared_ptr<store> elsewhere = nullptr;
    bool knows_versions = true; ///< slots are filled once their versions have been asked for
    std::string missing{};      ///< what has to be installed before there can be a store
};

struct store_case {
    std::string name;
    std::function<store_subject()> make;
};

inline void PrintTo(const store_case& c, std::ostream* to) { *to << c.name; }

inline std::string store_case_name(const ::testing::TestParamInfo<store_case>& info) { return info.param.name; }

class CacheStore : public ::testing::TestWithParam<store_case> {
protected:
    using keys = std::vector<std::string>;

    CacheStore() : subject(GetParam().make()), stored(subject.stored) {}
    void SetUp() override {
        if (!stored)
            GTEST_SKIP() << subject.missing;
    }

    bool set(std::string key, std::string value, milliseconds ttl = forever, bool only_if_absent = false) {
        std::vector<new_entry> one{{std::move(key), std::move(value), ttl, only_if_absent}};
        return loop.await(stored->set(std::move(one))).at(0);
    }
    std::optional<std::string> get(std::string key) { return loop.await(stored->get(keys{std::move(key)})).at(0); }
    bool erase(std::string key) { return loop.await(stored->erase(keys{std::move(key)})).at(0).there; }
    std::optional<milliseconds> time_left(std::string key) {
        return loop.await(stored->time_left(keys{std::move(key)})).at(0);
    }
    expire_outcome expire(std::string key, milliseconds ttl) {
        return loop.await(stored->expire(keys{std::move(key)}, ttl)).at(0);
    }
    std::int64_t add(std::string key, std::int64_t n, milliseconds ttl = forever) {
        return loop.await(stored->add(std::move(key), n, ttl));
    }
    std::uint64_t version(std::string name) { return loop.await(stored->versions(keys{std::move(name)})).at(0); }
    bool replace(std::string key, std::optional<std::string> seen, std::string value, std::string token = "") {
        replacement r{.entry = {.key = key, .value = std::move(value)}, .seen = std::move(seen)};
        r.token = std::move(token);
        const auto outcome = loop.await(stored->replace(std::move(r)));
        EXPECT_TRUE(outcome.done || outcome.found == get(key));
        return outcome.done;
    }
    lease_answer lease(std::string key, std::string token) {
        return lease_of(*stored, std::move(key), std::move(token));
    }
    lease_answer lease_of(store& in, std::string key, std::string token, milliseconds ttl = 1h) {
        return loop.await(in.lease({std::move(key), std::move(token), ttl}));
    }
    bool end_lease(std::string key, std::string token) {
        return loop.await(stored->end_lease({std::move(key), std::move(token)}));
    }
    void bump(std::string name) { loop.await(stored->bump(keys{std::move(name)})); }

    test_loop loop;
    store_subject subject;
    std::shared_ptr<store> stored;
};

TEST_P(CacheStore, GivesBackWhatWasStored) {
    EXPECT_EQ(get("a"), std::nullopt);
    EXPECT_TRUE(set("a", "1"));
    EXPECT_EQ(get("a"), "1");
    EXPECT_TRUE(set("a", "2"));
    EXPECT_EQ(get("a"), "2");
}

TEST_P(CacheStore, TellsAnEmptyValueFromNone) {
    set("empty", "");
    EXPECT_EQ(get("empty"), "");
    EXPECT_TRUE(erase("empty"));
    EXPECT_EQ(get("empty"), std::nullopt);
    EXPECT_FALSE(erase("empty"));
}

TEST_P(CacheStore, KeepsAnyBytes) {
    std::string all;
    for (int i = 0; i < 256; ++i)
        all.push_back(static_cast<char>(i));
    set(all, all);
    EXPECT_EQ(get(all), all);
}

TEST_P(CacheStore, AnswersManyInOrder) {
    std::vector<new_entry> entries{{.key = "a", .value = "1"}, {.key = "b", .value = "2"}};
    EXPECT_EQ(loop.await(stored->set(std::move(entries))), (std::vector<bool>{true, true}));
    EXPECT_EQ(loop.await(stored->get(keys{"b", "x", "a", "b"})),
              (std::vector<std::optional<std::string>>{"2", std::nullopt, "1", "2"}));
    const auto gone = loop.await(stored->erase(keys{"a", "x"}));
    ASSERT_EQ(gone.size(), 2U);
    EXPECT_TRUE(gone[0].there);
    EXPECT_FALSE(gone[1].there);
    EXPECT_TRUE(loop.await(stored->get({})).empty());
}

TEST_P(CacheStore, StoresOnlyIfAbsentWhereAsked) {
    EXPECT_TRUE(set("a", "1", forever, true));
    EXPECT_FALSE(set("a", "2", forever, true));
    EXPECT_EQ(get("a"), "1");
}

TEST_P(CacheStore, ForgetsWhenTheTimeIsOver) {
    set("short", "1", 10min);
    set("long", "1", 1h);
    subject.pass(5min);
    EXPECT_EQ(get("short"), "1");
    subject.pass(6min);
    EXPECT_EQ(get("short"), std::nullopt);
    EXPECT_EQ(get("long"), "1");
    EXPECT_TRUE(set("short", "2", forever, true));
}

TEST_P(CacheStore, ReplacingGivesANewTime) {
    set("a", "1", 10min);
    set("a", "2");
    subject.pass(20min);
    EXPECT_EQ(get("a"), "2");
    EXPECT_EQ(time_left("a"), forever);
}

TEST_P(CacheStore, TellsTheTimeThatIsLeft) {
    EXPECT_EQ(time_left("a"), std::nullopt);
    set("a", "1", 1h);
    EXPECT_LE(time_left("a"), 1h);
    EXPECT_GT(time_left("a"), 50min);
    EXPECT_EQ(expire("a", 10min), expire_outcome::done);
    EXPECT_LE(time_left("a"), 10min);
    EXPECT_EQ(expire("a", forever), expire_outcome::done);
    EXPECT_EQ(time_left("a"), forever);
    EXPECT_EQ(expire("x", 10s), expire_outcome::absent);
}

TEST_P(CacheStore, Counts) {
    EXPECT_EQ(add("n", 5), 5);
    EXPECT_EQ(add("n", -7), -2);
    EXPECT_EQ(get("n"), "-2");
    set("n", "40");
    EXPECT_EQ(add("n", 2), 42);
}

TEST_P(CacheStore, CountingKeepsTheTimeOfTheFirst) {
    add("n", 1, 10min);
    add("n", 1, 1h);
    EXPECT_LE(time_left("n"), 10min);
    subject.pass(11min);
    EXPECT_EQ(add("n", 1), 1);
}

TEST_P(CacheStore, RefusesToCountWhatIsNoNumber) {
    for (const std::string value : {"x", "", "1.5", "\"1\"", " 1", "9223372036854775808", "\xC1 5"}) {
        set("a", value);
        EXPECT_EQ(loop.code_of(stored->add("a", 1, forever)), errc::wrong_type) << value;
        EXPECT_EQ(get("a"), value);
    }
    set("a", std::to_string(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(loop.code_of(stored->add("a", 1, forever)), errc::wrong_type);
}

TEST_P(CacheStore, LeavesTheTimeOfASealedValueToTheCore) {
    const std::string sealed("\xC1 something");
    set("a", sealed, 60s);
    EXPECT_EQ(expire("a", 1h), expire_outcome::sealed);
    EXPECT_LE(time_left("a"), 60s);
}

TEST_P(CacheStore, GivesBackWhatIsSealedWhenItErases) {
    const std::string sealed("\xC1 something");
    set("sealed", sealed);
    set("bare", "1");
    const auto gone = loop.await(stored->erase(keys{"bare", "sealed", "x"}));
    ASSERT_EQ(gone.size(), 3U);
    EXPECT_TRUE(gone[0].there && gone[1].there && !gone[2].there);
    EXPECT_EQ(gone[0].sealed, "");
    EXPECT_EQ(gone[1].sealed, sealed);
}

TEST_P(CacheStore, GivesEachVersionOnce) {
    EXPECT_EQ(version("v"), 0U);
    bump("v");
    const auto first = version("v");
    EXPECT_GT(first, 0U);
    bump("other");
    bump("v");
    EXPECT_GT(version("other"), first);
    EXPECT_GT(version("v"), version("other"));
}

TEST_P(CacheStore, ASlotFollowsItsVersion) {
    const auto slot = stored->slot("v", nesting::outermost);
    bump("v");
    const auto now = version("v"); // fills the slot, where somebody else emptied it
    EXPECT_EQ(slot->known, subject.knows_versions);
    EXPECT_EQ(slot->value, now);
}

TEST_P(CacheStore, AVersionThatIsStoredWithAValueIsTheOneThatHolds) {
    const auto stored_with = loop.await(stored->versions_to_store({"fresh", "other"}));
    EXPECT_EQ(loop.await(stored->versions({"fresh", "other"})), stored_with);
    EXPECT_EQ(loop.await(stored->versions_to_store({"fresh", "other"})), stored_with);
    bump("fresh");
    EXPECT_GT(version("fresh"), stored_with.front());
    EXPECT_EQ(loop.await(stored->versions_to_store({"other", "fresh"})),
              (std::vector{stored_with.back(), version("fresh")}));
}

TEST_P(CacheStore, ManyThreadsLoseNoIncrement) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([this, t] {
            test_loop own;
            for (int i = 0; i < 500; ++i) {
                own.await(stored->add("shared", 1, forever));
                std::vector<new_entry> one{{.key = "k" + std::to_string(i % 7), .value = std::to_string(t), .ttl = 1s}};
                own.await(stored->set(std::move(one)));
                own.await(stored->get(keys{"k" + std::to_string(i % 5)}));
            }
        });
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(get("shared"), "2000");
}

TEST_P(CacheStore, StopsTwiceAndThenRefuses) {
    loop.await(stored->stop(deadline::after(1s)));
    loop.await(stored->stop(deadline::after(1s)));
    EXPECT_EQ(loop.code_of(stored->get(keys{"a"})), infra::errc::closed);
    EXPECT_EQ(loop.code_of(stored->bump(keys{"a"})), infra::errc::closed);
}

TEST_P(CacheStore, SaysWhatItIs) { EXPECT_FALSE(stored->description().empty()); }

TEST_P(CacheStore, TellsItsKeysInPagesWhereItKnowsThem) {
    const auto* const listing = dynamic_cast<const key_listing*>(stored.get());
    if (!listing)
        GTEST_SKIP() << "it does not know them";
    std::set<std::string> expected;
    for (int i = 0; i < 250; ++i)
        expected.insert("listed*:" + std::to_string(i));
    for (const auto& each : expected)
        set(each, "1");
    set("listed:other", "1");
    std::multiset<std::string> found;
    std::string cursor;
    for (int pages = 0; pages < 100; ++pages) {
        auto page = loop.await(listing->keys_in_store("listed*:", cursor, 100));
        found.insert(page.keys.begin(), page.keys.end());
        cursor = page.next;
        if (cursor.empty())
            break;
    }
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), expected);
    EXPECT_THROW(loop.await(listing->keys_in_store("", "nonsense", 10)), infra::error);
}

} // namespace infra::cache::tests

#include "store_conformance_leases.hpp"
