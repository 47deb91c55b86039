#include "src/redis/near_cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace infra::cache::redis_backend {
namespace {

using namespace std::chrono_literals;

class CacheNear : public ::testing::Test {
protected:
    CacheNear() { subject.listening(); }

    std::optional<std::string> get(std::string_view key) {
        std::string to;
        return subject.get(key, to) ? std::optional(to) : std::nullopt;
    }
    void keep(std::string_view key, std::string value, std::chrono::milliseconds left = 1h) {
        subject.keep(subject.ask(key), key, std::move(value), left);
    }

    manual_clock time;
    std::shared_ptr<slots> versions = std::make_shared<slots>();
    near_cache subject{{.max_bytes = 1 << 20, .prefix = "p:", .max_age = 10min}, versions, time};
};

TEST_F(CacheNear, GivesWhatItKeepsUntilItIsTold) {
    keep("p:a", "1");
    keep("p:b", "");
    EXPECT_EQ(get("p:a"), "1");
    EXPECT_EQ(get("p:b"), "");
    subject.changed({"p:a", "p:x"});
    EXPECT_EQ(get("p:a"), std::nullopt);
    EXPECT_EQ(get("p:b"), "");
}

TEST_F(CacheNear, KeepsNothingThatChangedWhileItWasOnItsWay) {
    const auto asked = subject.ask("p:a");
    subject.changed({"p:a"});
    subject.keep(asked, "p:a", "old", 1h);
    EXPECT_EQ(get("p:a"), std::nullopt);
    keep("p:a", "new");
    EXPECT_EQ(get("p:a"), "new");
}

TEST_F(CacheNear, KeepsNothingThatWasAskedForBeforeOrDuringADeafTime) {
    const auto before = subject.ask("p:a");
    subject.deaf();
    const auto during = subject.ask("p:a");
    subject.keep(before, "p:a", "1", 1h);
    subject.listening();
    subject.keep(before, "p:a", "1", 1h);
    subject.keep(during, "p:a", "1", 1h);
    EXPECT_EQ(get("p:a"), std::nullopt);
    EXPECT_EQ(subject.last_seen("p:a"), std::nullopt);
}

TEST_F(CacheNear, HasOnlyStaleCopiesAfterADeafTime) {
    keep("p:a", "1");
    keep("p:b", "1");
    subject.deaf();
    EXPECT_EQ(get("p:a"), std::nullopt);
    EXPECT_EQ(subject.last_seen("p:a"), "1");
    subject.listening();
    EXPECT_EQ(get("p:a"), std::nullopt);
    EXPECT_EQ(subject.last_seen("p:a"), "1");
    subject.changed({"p:a"});
    EXPECT_EQ(subject.last_seen("p:a"), std::nullopt);
    keep("p:b", "2");
    EXPECT_EQ(get("p:b"), "2");
}

TEST_F(CacheNear, HasNotEvenStaleCopiesAfterEverythingWasErased) {
    keep("p:a", "1");
    const auto asked = subject.ask("p:b");
    subject.all_changed();
    subject.keep(asked, "p:b", "1", 1h);
    EXPECT_EQ(get("p:a"), std::nullopt);
    EXPECT_EQ(get("p:b"), std::nullopt);
    EXPECT_EQ(subject.last_seen("p:a"), std::nullopt);
    keep("p:a", "2");
    EXPECT_EQ(get("p:a"), "2");
}

TEST_F(CacheNear, StaysDeafWhoeverSaysThatEverythingIsGone) {
    subject.deaf();
    subject.all_changed();
    keep("p:a", "1");
    EXPECT_EQ(get("p:a"), std::nullopt);
    subject.listening();
    keep("p:a", "2");
    EXPECT_EQ(get("p:a"), "2");
}

TEST_F(CacheNear, KeepsNoCopyLongerThanItsValueOrTheBound) {
    keep("p:short", "1", 1s);
    keep("p:long", "1", forever);
    time.advance(999ms);
    EXPECT_EQ(get("p:short"), "1");
    time.advance(1ms);
    EXPECT_EQ(get("p:short"), std::nullopt);
    time.advance(9min);
    EXPECT_EQ(get("p:long"), "1");
    time.advance(1min);
    EXPECT_EQ(get("p:long"), std::nullopt);
}

TEST_F(CacheNear, KeepsOnlyWhatItIsToldOf) {
    keep("q:a", "1");
    EXPECT_EQ(get("q:a"), std::nullopt);
}

TEST_F(CacheNear, StaysWithinItsBytes) {
    for (int i = 0; i < 10'000; ++i)
        keep("p:" + std::to_string(i), std::string(1000, 'x'));
    keep("p:huge", std::string(2 << 20, 'x'));
    store_stats sum;
    subject.add_to(sum);
    EXPECT_LE(sum.bytes, 1u << 20);
    EXPECT_GT(sum.entries, 100u);
    EXPECT_EQ(get("p:huge"), std::nullopt);
}

TEST_F(CacheNear, KnowsAVersionUntilItIsTold) {
    const auto slot = versions->slot("p:@@version");
    subject.keep_version(subject.ask("p:@@version"), "p:@@version", 7);
    EXPECT_TRUE(slot->known);
    EXPECT_EQ(slot->value, 7u);
    EXPECT_EQ(get("p:@@version"), "7");
    subject.changed({"p:@@version"});
    EXPECT_FALSE(slot->known);
    const auto asked = subject.ask("p:@@version");
    subject.changed({"p:@@version"});
    subject.keep_version(asked, "p:@@version", 8);
    EXPECT_FALSE(slot->known);
    subject.keep_version(subject.ask("p:@@version"), "p:@@version", 9);
    EXPECT_TRUE(slot->known);
    subject.deaf();
    EXPECT_FALSE(slot->known);
}

TEST_F(CacheNear, LetsNoLateAnswerTurnAKnownVersionBack) {
    const std::vector<std::string> names{"p:@@version"};
    const auto slot = versions->slot(names.front());
    const std::uint64_t old = 0, now = 7, later = 8;
    subject.keep_version(subject.ask(names.front()), names.front(), now);
    versions->saw(names, {&old, 1});
    EXPECT_TRUE(slot->known);
    EXPECT_EQ(slot->value, now);
    subject.changed(names);
    versions->saw(names, {&later, 1});
    EXPECT_EQ(slot->value, later);
}

// One thread changes a value and tells of it; others read it as a loop does. Once a change was told, nobody finds an older
// one: what was read from the server before is not kept after.
TEST_F(CacheNear, IsNeverOlderThanWhatWasToldWhoeverRaces) {
    std::atomic<int> on_server{0}, told{0}, stale{0};
    std::atomic<bool> end{false};
    std::vector<std::thread> readers;
    for (int t = 0; t < 2; ++t)
        readers.emplace_back([&] {
            std::string copy;
            while (!end) {
                const int at_least = told;
                if (subject.get("p:a", copy)) {
                    stale += std::stoi(copy) < at_least;
                    continue;
                }
                const auto asked = subject.ask("p:a");
                const int value = on_server;
                std::this_thread::yield();
                subject.keep(asked, "p:a", std::to_string(value), 1h);
            }
        });
    for (int i = 1; i <= 20'000; ++i) {
        on_server = i;
        subject.changed({"p:a"});
        told = i;
    }
    end = true;
    for (auto& each : readers)
        each.join();
    EXPECT_EQ(stale, 0);
}

} // namespace
} // namespace infra::cache::redis_backend
