#pragma once

/// Pipelines over memory, with a time that stands still.

#include <infra/base/json.hpp>
#include <infra/logging.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace infra::logging {

using namespace std::chrono_literals;

/// 2026-01-01T00:00:00.000Z until a test moves it.
inline manual_clock& still() {
    static auto& clock = *new manual_clock; // a thread whose sink hangs may outlive the test
    return clock;
}

struct captured {
    std::shared_ptr<memory_sink> sink = std::make_shared<memory_sink>();
    pipeline out;

    explicit captured(pipeline_options options = {}) : out(with(std::move(options), sink)) {}

    std::string text() {
        EXPECT_TRUE(out.flush(deadline::after(30s)));
        return sink->text();
    }

    /// The lines read back by a strict parser; a line that is not JSON fails the test.
    std::vector<json::object> lines() {
        EXPECT_TRUE(out.flush(deadline::after(30s)));
        std::vector<json::object> all;
        for (const auto& each : sink->lines()) {
            auto read = json::parse(each, {.max_bytes = 64 << 20});
            EXPECT_TRUE(read && read->is_object()) << each;
            all.push_back(read && read->is_object() ? read->as_object() : json::object());
        }
        return all;
    }

private:
    static pipeline_options with(pipeline_options options, std::shared_ptr<memory_sink> to) {
        if (options.outputs.empty())
            options.outputs.push_back({.to = std::move(to), .as = format::json});
        if (options.time == &real_clock())
            options.time = &still();
        return options;
    }
};

} // namespace infra::logging
