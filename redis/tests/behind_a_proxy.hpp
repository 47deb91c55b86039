#pragma once

/// A test with a redis-server of its own, a client that reaches it through a proxy, and one that reaches it directly.

#include "tests/proxy.hpp"
#include "tests/support.hpp"

#include <optional>
#include <vector>

namespace infra::redis {

class behind_a_proxy : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
        one.emplace();
        between.emplace(loop.get_executor(), one->socket());
        redis.emplace(std::vector{loop.get_executor()}, between->to());
        direct.emplace(std::vector{loop.get_executor()}, one->over_socket());
    }

    std::optional<server> one;
    test_loop loop;
    std::optional<proxy> between;
    std::optional<client> redis;
    std::optional<client> direct;
};

} // namespace infra::redis
