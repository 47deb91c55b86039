// A name with two addresses in turn, both of one server. The resolver is replaced for it, where no sanitizer wants it for
// itself.

#include "tests/diary.hpp"
#include "tests/support.hpp"

#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer) &&            \
    !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)

namespace {

constexpr const char* name = "two-addresses.invalid";

struct one_address {
    addrinfo info{};
    sockaddr_in at{};
};

addrinfo* make(const char* host, const char* port, addrinfo* next) {
    auto* const made = new one_address;
    made->at.sin_family = AF_INET;
    made->at.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    ::inet_pton(AF_INET, host, &made->at.sin_addr);
    made->info.ai_family = AF_INET;
    made->info.ai_socktype = SOCK_STREAM;
    made->info.ai_addrlen = sizeof made->at;
    made->info.ai_next = next;
    made->info.ai_addr = reinterpret_cast<sockaddr*>(&made->at);
    made->info.ai_flags = -1; // ours
    return &made->info;
}

template <class F>
F real(const char* of) {
    return reinterpret_cast<F>(::dlsym(RTLD_NEXT, of));
}

} // namespace

extern "C" int getaddrinfo(const char* host, const char* port, const addrinfo* wanted, addrinfo** out) {
    if (!host || std::strcmp(host, name) != 0)
        return real<decltype(&::getaddrinfo)>("getaddrinfo")(host, port, wanted, out);
    static std::atomic<unsigned> turn{0};
    const bool odd = turn++ % 2 != 0;
    *out = make(odd ? "127.0.0.2" : "127.0.0.1", port, make(odd ? "127.0.0.1" : "127.0.0.2", port, nullptr));
    return 0;
}

extern "C" void freeaddrinfo(addrinfo* all) {
    if (all && all->ai_flags != -1)
        return real<decltype(&::freeaddrinfo)>("freeaddrinfo")(all);
    while (all)
        delete reinterpret_cast<one_address*>(std::exchange(all, all->ai_next));
}

namespace infra::redis {
namespace {

awaitable<void> keep_counting(const client& by, std::size_t& counted, const bool& stop) {
    while (!stop) {
        co_await by.execute<int>({"INCR", "n"});
        ++counted;
    }
}

class RedisNameOfTwoAddresses : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace(std::vector<std::string>{"--bind", "127.0.0.1", "127.0.0.2"});
        others.start();
    }

    /// Counts while the client begins to track, which takes so many connections that are made anew, and no more.
    void count_while_it_begins_to_track(const client& subject, std::uint64_t turns) {
        std::vector<std::shared_ptr<outcome<bool>>> callers;
        for (int i = 0; i < 20; ++i)
            callers.push_back(loop.spawn(keep_counting(subject, counted, stop)));
        loop.until([&] { return counted > 100; });
        const auto tracked = subject.track({.prefixes = {"k"}}, heard);
        loop.until([&] { return heard->listens() && subject.status().reconnects >= turns; });
        loop.until([&, before = counted] { return counted > before + 2000; });
        EXPECT_EQ(subject.status().reconnects, turns);
        EXPECT_TRUE(heard->listens());
        stop = true;
        loop.until([&] { return std::ranges::all_of(callers, [](const auto& each) { return each->done(); }); });
        for (const auto& each : callers)
            EXPECT_TRUE(each->value) << each->what();
        EXPECT_EQ(loop.get(subject.execute<std::size_t>({"GET", "n"})), counted);
    }

    std::optional<server> one;
    event_loops others{1};
    test_loop loop;
    std::shared_ptr<diary> heard = std::make_shared<diary>();
    std::size_t counted = 0;
    bool stop = false;
};

// They drove each other from one to the other, and lost what was under way.
TEST_F(RedisNameOfTwoAddresses, LeadsTheConnectionThatTracksWhereValuesAreRead) {
    const client subject({loop.get_executor()}, {.host = name, .port = one->port()});
    loop.get(subject.ping());
    count_while_it_begins_to_track(subject, 0);
}

TEST_F(RedisNameOfTwoAddresses, LosesNothingWhereAConnectionMakesWayForOneThatTracks) {
    const client subject({loop.get_executor(), others.next().get_executor()}, {.host = name, .port = one->port()});
    loop.get(subject.ping());
    asio::co_spawn(others.next().get_executor(), subject.ping(), asio::use_future).get(); // it leads to the other one
    count_while_it_begins_to_track(subject, 2); // it, and the one that tracks after it
}

} // namespace
} // namespace infra::redis

#endif
