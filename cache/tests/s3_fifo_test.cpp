#include "../src/s3_fifo.hpp"

#include <infra/base/id.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace infra::cache {
namespace {

/// The policy as the paper words it, with lists of names and no regard for speed.
class model {
public:
    explicit model(std::size_t capacity) : capacity_(capacity) {}

    struct entry {
        std::uint64_t name;
        std::size_t cost;
        int hits = 0;
    };

    std::size_t used() const {
        std::size_t sum = ghosts.size() * s3_ghosts::cost_of_one;
        for (const auto& each : small)
            sum += each.cost;
        for (const auto& each : main)
            sum += each.cost;
        return sum;
    }
    entry* find(std::uint64_t name) {
        for (auto* queue : {&small, &main})
            for (auto& each : *queue)
                if (each.name == name)
                    return &each;
        return nullptr;
    }
    void hit(std::uint64_t name) { find(name)->hits = std::min(3, find(name)->hits + 1); }
    void insert(std::uint64_t name, std::size_t cost) {
        // A ghost that returns keeps its place among the ghosts, but counts no more.
        const bool known = live_ghost(name);
        for (auto& each : ghosts)
            if (each == name)
                each = taken;
        (known ? main : small).push_front({name, cost});
    }
    std::optional<std::uint64_t> evict() {
        std::size_t cost_of_small = 0;
        for (const auto& each : small)
            cost_of_small += each.cost;
        if (cost_of_small * 10 >= capacity_ || main.empty())
            if (const auto gone = evict_small())
                return gone;
        return evict_main();
    }
    void erase(std::uint64_t name) {
        for (auto* queue : {&small, &main})
            std::erase_if(*queue, [&](const entry& e) { return e.name == name; });
    }

    std::deque<entry> small, main;    // front: newest
    std::deque<std::uint64_t> ghosts; // front: oldest

private:
    static constexpr std::uint64_t taken = ~0ULL;
    bool live_ghost(std::uint64_t name) const { return std::ranges::count(ghosts, name) != 0; }

    std::optional<std::uint64_t> evict_small() {
        while (!small.empty()) {
            auto oldest = small.back();
            small.pop_back();
            if (oldest.hits > 1) {
                oldest.hits = 0;
                main.push_front(oldest);
                continue;
            }
            const auto at_most = small.size() + main.size();
            while (!ghosts.empty() && ghosts.size() >= at_most)
                ghosts.pop_front();
            if (at_most > 0) {
                for (auto& each : ghosts)
                    if (each == oldest.name)
                        each = taken;
                ghosts.push_back(oldest.name);
            }
            return oldest.name;
        }
        return std::nullopt;
    }
    std::optional<std::uint64_t> evict_main() {
        while (!main.empty()) {
            auto oldest = main.back();
            main.pop_back();
            if (oldest.hits == 0)
                return oldest.name;
            --oldest.hits;
            main.push_front(oldest);
        }
        return std::nullopt;
    }

    std::size_t capacity_;
};

/// The policy under test, with values that are names.
class subject {
public:
    explicit subject(std::size_t capacity) : policy(capacity) {}

    void insert(std::uint64_t name, std::uint32_t cost) {
        auto& held = *(items[name] = std::make_unique<s3_hook>());
        held.fingerprint = name;
        held.cost = cost;
        policy.insert(held);
    }
    std::optional<std::uint64_t> evict() {
        auto* gone = policy.evict();
        if (!gone)
            return std::nullopt;
        const auto name = gone->fingerprint;
        items.erase(name);
        return name;
    }
    void erase(std::uint64_t name) {
        policy.erase(*items.at(name));
        items.erase(name);
    }

    std::map<std::uint64_t, std::unique_ptr<s3_hook>> items;
    s3_fifo policy;
};

void compare_for(std::size_t capacity, int steps) {
    model expected(capacity);
    subject ours(capacity);
    for (int i = 0; i < steps; ++i) {
        const auto r = random_01();
        const auto name = static_cast<std::uint64_t>(r * r * 200); // some far more often than others
        if (expected.find(name)) {
            if (random_u64() % 20 == 0) {
                expected.erase(name);
                ours.erase(name);
            } else {
                expected.hit(name);
                s3_fifo::touch(*ours.items.at(name));
            }
            continue;
        }
        const auto cost = static_cast<std::uint32_t>(50 + random_u64() % 100);
        while (!ours.policy.has_room_for(cost)) {
            const auto gone = ours.evict();
            ASSERT_EQ(gone, expected.evict()) << "step " << i;
            if (!gone)
                break;
        }
        ours.insert(name, cost);
        expected.insert(name, cost);
        ASSERT_EQ(ours.policy.used(), expected.used()) << "step " << i;
        ASSERT_EQ(ours.policy.count(), expected.small.size() + expected.main.size());
    }
}

TEST(CacheS3Fifo, DoesWhatThePaperSays) {
    for (int round = 0; round < 20; ++round)
        compare_for(1000 + random_u64() % 9000, 3000);
}

TEST(CacheS3Fifo, KeepsWhatIsUsedThroughAScan) {
    subject ours(100'000);
    const auto insert = [&](std::uint64_t name) {
        while (!ours.policy.has_room_for(100))
            ours.evict();
        ours.insert(name, 100);
    };
    for (std::uint64_t name = 0; name < 300; ++name)
        insert(name);
    for (int twice = 0; twice < 2; ++twice)
        for (std::uint64_t name = 0; name < 300; ++name)
            s3_fifo::touch(*ours.items.at(name));
    for (std::uint64_t name = 1000; name < 21'000; ++name)
        insert(name);
    for (std::uint64_t name = 0; name < 300; ++name)
        EXPECT_TRUE(ours.items.contains(name)) << name;
}

TEST(CacheS3Fifo, ReplacesInPlace) {
    subject ours(10'000);
    for (std::uint64_t name = 0; name < 3; ++name)
        ours.insert(name, 100);
    s3_fifo::touch(*ours.items.at(0));
    auto fresh = std::make_unique<s3_hook>();
    fresh->fingerprint = 0;
    fresh->cost = 40;
    ours.policy.replace(*ours.items.at(0), *fresh);
    ours.items.at(0) = std::move(fresh);
    EXPECT_EQ(ours.policy.used(), 240U);
    EXPECT_EQ(ours.items.at(0)->hits, 1);
    EXPECT_EQ(ours.evict(), 0U); // still the oldest, and once is not enough
}

TEST(CacheS3Fifo, BoundsItsGhostsByWhatIsThere) {
    s3_ghosts ghosts;
    for (std::uint64_t name = 0; name < 10'000; ++name) {
        ghosts.add(name, 100);
        ghosts.add(name, 100); // again: only the latest counts
        EXPECT_LE(ghosts.size(), 100U);
    }
    EXPECT_TRUE(ghosts.take(9'999));
    EXPECT_FALSE(ghosts.take(9'999));
    EXPECT_FALSE(ghosts.take(0));
    ghosts.add(1, 0);
    EXPECT_EQ(ghosts.size(), 0U);
}

} // namespace
} // namespace infra::cache
