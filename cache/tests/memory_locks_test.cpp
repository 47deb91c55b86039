#include "../src/memory_locks.hpp"

#include "support.hpp"

namespace infra::cache::tests {
namespace {

class CacheMemoryLocks : public ::testing::Test {
protected:
    std::optional<std::uint64_t> acquire(const std::string& key, milliseconds ttl = 10s) {
        return locks.acquire({key, "me", ttl});
    }
    boost::system::error_code refusal(const std::string& key) {
        try {
            acquire(key);
            return {};
        } catch (const error& e) {
            return e.code();
        }
    }

    manual_clock time;
    memory_locks locks{100, 16'384, time};
};

TEST_F(CacheMemoryLocks, StayWithinTheirBytesAndRefuseMore) {
    int taken = 0;
    while (!refusal("lock:" + std::to_string(taken)))
        ++taken;
    EXPECT_GT(taken, 20);
    EXPECT_LE(locks.bytes(), 16'384U);
    EXPECT_EQ(refusal("one more"), infra::errc::overloaded);
    EXPECT_TRUE(acquire("lock:0")) << "one that is held is no new one";
    EXPECT_TRUE(locks.release({"lock:0", "me", 1s}));
    EXPECT_TRUE(acquire("x"));
}

TEST_F(CacheMemoryLocks, AreForgottenWhenTheirTimeIsOver) {
    for (int i = 0; i < 20; ++i)
        acquire("lock:" + std::to_string(i), milliseconds(1000 * (i % 2 + 1)));
    time.advance(1s);
    const auto all = locks.bytes();
    acquire("new");
    EXPECT_LT(locks.bytes(), all);
    time.advance(1s);
    EXPECT_FALSE(locks.extend({"lock:1", "me", 1s}));
    EXPECT_TRUE(locks.release({"new", "me", 1s}));
    EXPECT_EQ(locks.bytes(), 0U);
}

TEST_F(CacheMemoryLocks, EndWhenTheyWereLastToldTo) {
    acquire("a", 1s);
    EXPECT_TRUE(locks.extend({"a", "me", 10s}));
    time.advance(5s);
    EXPECT_FALSE(locks.acquire({"a", "you", 1s}));
    EXPECT_TRUE(locks.extend({"a", "me", 1s}));
    time.advance(1s);
    EXPECT_TRUE(locks.acquire({"a", "you", 1s}));
    EXPECT_FALSE(locks.extend({"a", "me", 1s})) << "renewing what was lost does not bring it back";
}

} // namespace
} // namespace infra::cache::tests
