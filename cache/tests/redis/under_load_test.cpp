// A server that is killed, or falls silent, while many ask.

#include "support.hpp"

#include <infra/testing/stopwatch.hpp>

#include <fstream>
#include <unistd.h>

namespace infra::cache::tests {
namespace {

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t pages = 0, resident = 0;
    statm >> pages >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

class CacheRedisUnderLoad : public OnRedis {
protected:
    void SetUp() override {
        OnRedis::SetUp();
        if (IsSkipped())
            return;
        auto o = redis_store_options_from("unix://" + server->socket(), {.prefix = "p:", .max_bytes = 1 << 20});
        subject.emplace(make_store(std::move(o)), cache_options{.prefix = "p:"});
    }
    void TearDown() override {
        end = true;
        loop.until([&] { return running == 0; });
    }

    /// One who asks for values again and again, as fast as he is answered.
    awaitable<void> caller(int number) {
        const load_options o{.ttl = ttl, .stale = 10ms, .grace = 1h, .throttle = 20ms};
        for (int i = number; !end; ++i) {
            const auto load = [this]() -> awaitable<int> {
                co_await real_clock().sleep_for(1ms);
                if (loader_fails)
                    throw std::runtime_error("so is the database");
                co_return 1;
            };
            co_await subject->get_or_set("k" + std::to_string(i % 50), o, load);
            ++answered;
            if (i % 10 == 0)
                co_await subject->set("s" + std::to_string(i % 50), std::string(100, 'x'), 1s);
            co_await asio::post(loop.get_executor(), asio::use_awaitable);
        }
    }
    void start(int callers) {
        for (int i = 0; i < callers; ++i) {
            ++running;
            asio::co_spawn(loop.get_executor(), caller(i), [this](std::exception_ptr failure) {
                --running;
                failures += failure != nullptr;
            });
        }
    }
    bool answers_another(int many) {
        return loop.until([this, goal = answered + many] { return answered >= goal; });
    }

    std::optional<cache> subject;
    milliseconds ttl{20};
    bool end = false;
    bool loader_fails = false;
    int running = 0, answered = 0, failures = 0;
};

TEST_F(CacheRedisUnderLoad, GoesOnWhenTheServerIsKilledAndComesBackWithinTwoSeconds) {
    start(100);
    ASSERT_TRUE(answers_another(2000));
    for (int round = 0; round < 2; ++round) {
        server->kill();
        ASSERT_TRUE(answers_another(2000));
        server->start();
        const testing::stopwatch since(loop.get_executor());
        ASSERT_TRUE(loop.until([&] { return raw("p:k1").has_value(); }));
        EXPECT_LT(since.elapsed(), 2s);
        ASSERT_TRUE(answers_another(2000));
    }
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(running, 100);
}

TEST_F(CacheRedisUnderLoad, ServesWhatItHasWhenServerAndLoadersFail) {
    ttl = 1min;
    start(50);
    const auto is_near = [&](int i) { return subject->try_get<int>("k" + std::to_string(i)).has_value(); };
    for (int i = 0; i < 50; ++i)
        ASSERT_TRUE(loop.until([&] { return is_near(i); }));
    loader_fails = true;
    server->kill();
    ASSERT_TRUE(answers_another(2000));
    EXPECT_EQ(failures, 0);
    server->start();
    loader_fails = false;
    ASSERT_TRUE(loop.until([&] { return raw("p:k1").has_value(); }));
}

TEST_F(CacheRedisUnderLoad, KeepsItsMemoryBoundedWhileTheServerIsSilent) {
    start(100);
    ASSERT_TRUE(answers_another(2000));
    server->pause();
    const auto before = resident_bytes();
    const std::string large(50'000, 'x');
    for (int i = 0; i < 6000; ++i) { // 300 MB, and more with what is kept about them
        loop.start(subject->set("large" + std::to_string(i), large, 1s));
        if (i % 100 == 0)
            ASSERT_TRUE(answers_another(10));
    }
    ASSERT_TRUE(answers_another(2000));
    EXPECT_LT(resident_bytes(), before + (std::size_t{200} << 20));
    server->proceed();
    ASSERT_TRUE(loop.until([&] { return loop.await(subject->set("again", 1)); }));
    EXPECT_EQ(failures, 0);
}

} // namespace
} // namespace infra::cache::tests
