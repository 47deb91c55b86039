#pragma once

// Jobs that are taken and end, as scripts/work.lua does it.

#include "tests/redis/stage.hpp"

namespace infra::queue::redis_backend::tests {

using namespace std::chrono_literals;
using queue::tests::t0;
using kind = outcome::kind;
using lines = std::vector<std::string>;

class QueueRedisWork : public on_a_stage {
protected:
    std::string field(const std::string& id, std::string_view name) {
        const auto value = redis::to<std::optional<std::string>>(ask({"HGET", "bull:mail:" + id, name}));
        return value.value_or("");
    }
    lines ids(std::string_view sorted_set) {
        return redis::to<lines>(ask({"ZRANGE", mail.of_queue(sorted_set), 0, -1}));
    }
    static lines ids_of(const std::vector<stored_job>& jobs) {
        lines all;
        for (const auto& each : jobs)
            all.push_back(each.key.id);
        return all;
    }
};

} // namespace infra::queue::redis_backend::tests
