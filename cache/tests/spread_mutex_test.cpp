#include "../src/spread_mutex.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <mutex>
#include <thread>
#include <vector>

namespace infra::cache {
namespace {

// Whoever reads sees all of a write or nothing of it, also where there are more threads than parts.
TEST(CacheSpreadMutex, KeepsWritersFromReadersAndFromEachOther) {
    constexpr int threads = 6, rounds = 2000;
    spread_mutex subject;
    std::array<int, 2> both{};
    std::barrier together(threads);
    std::vector<std::thread> running;
    for (int t = 0; t < threads; ++t)
        running.emplace_back([&, t] {
            together.arrive_and_wait();
            for (int i = 0; i < rounds; ++i) {
                if (t % 2 == 0) {
                    const std::scoped_lock writing(subject);
                    ++both[0];
                    ++both[1];
                } else {
                    const std::scoped_lock reading(subject.of_this_thread());
                    if (both[0] != both[1])
                        return ADD_FAILURE() << both[0] << " and " << both[1];
                }
            }
        });
    for (auto& each : running)
        each.join();
    EXPECT_EQ(both[0], threads / 2 * rounds);
}

TEST(CacheSpreadMutex, LetsTwoThreadsReadAtOnce) {
    spread_mutex subject;
    std::barrier inside(2); // nobody passes unless both hold it
    const auto read = [&] {
        const std::scoped_lock reading(subject.of_this_thread());
        inside.arrive_and_wait();
    };
    std::thread one(read), other(read); // numbered one after the other
    one.join();
    other.join();
}

} // namespace
} // namespace infra::cache
