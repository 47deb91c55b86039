#pragma once

/// A test with a redis-server of its own and a client of it.

#include "tests/support.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace infra::redis {

class on_a_server : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace();
        redis.emplace(std::vector{loop.get_executor()}, one->over_socket());
    }

    template <class T>
    T ask(command c) {
        return loop.get(redis->execute<T>(std::move(c)));
    }
    void tell(command c) { loop.wait(redis->execute<void>(std::move(c))); }

    std::optional<server> one;
    test_loop loop;
    std::optional<client> redis;
};

} // namespace infra::redis
