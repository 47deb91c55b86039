#pragma once

/// A test with a cluster of its own and a client of it.

#include "src/slot.hpp"
#include "tests/nodes.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::redis {

class on_a_cluster : public ::testing::Test {
protected:
    void SetUp() override {
        if (!server::installed())
            GTEST_SKIP() << server::how_to_install;
    }

    void begin(bool with_replicas = false) {
        all.emplace(loop, with_replicas);
        redis.emplace(std::vector{loop.get_executor()}, all->to());
    }

    template <class T>
    T ask(command c) {
        return loop.get(redis->execute<T>(std::move(c)));
    }
    void tell(command c) { loop.wait(redis->execute<void>(std::move(c))); }

    /// A key whose slot node `i` has in the beginning.
    static std::string key_of(std::size_t i, const std::string& name = "key") {
        for (int n = 0;; ++n) {
            auto key = "{" + std::to_string(n) + "}" + name;
            if (detail::slot_of(key) / 5461 == i)
                return key;
        }
    }

    test_loop loop;
    std::optional<nodes> all;
    std::optional<client> redis;
};

} // namespace infra::redis
