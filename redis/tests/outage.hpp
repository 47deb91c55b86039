#pragma once

/// A test that comes between a client and its server.

#include "tests/behind_a_proxy.hpp"

#include <cstddef>
#include <fstream>

namespace infra::redis {

class RedisOutage : public behind_a_proxy {
protected:
    void SetUp() override {
        behind_a_proxy::SetUp();
        if (redis)
            loop.wait(redis->execute<void>({"PING"}));
    }

    /// The next bytes from the server do not arrive, and with them the connection ends.
    void lose_the_next_reply() {
        between->on_reply = [this](std::string) -> std::optional<std::string> {
            between->on_reply = nullptr;
            return std::nullopt;
        };
    }

    int value_of(const char* key) { return loop.get(direct->execute<std::optional<int>>({"GET", key})).value_or(0); }
};

// AddressSanitizer keeps what is freed.
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr std::size_t leeway = std::size_t{1} << 30;
#else
inline constexpr std::size_t leeway = 0;
#endif

inline std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0, resident = 0;
    statm >> all >> resident;
    return resident * 4096;
}

} // namespace infra::redis
