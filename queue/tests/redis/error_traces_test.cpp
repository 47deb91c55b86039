#include "src/redis/error_traces.hpp"

#include "tests/support.hpp"

#include <infra/base/json.hpp>

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using namespace std::chrono_literals;
using texts = std::vector<std::string>;
using errors = std::vector<job_error>;

TEST(QueueRedisTraces, SayWhenAndAtWhichAttempt) {
    EXPECT_EQ(with_error({}, {.attempt = 2, .at = t0, .reason = "the mailbox is full"}, 10),
              R"(["the mailbox is full\n    at attempt 2, 2026-01-01T00:00:00.000Z"])");
}

TEST(QueueRedisTraces, ComeBackAsTheyWereWritten) {
    const errors all{{.attempt = 1, .at = t0 + 1ms, .reason = "one line"},
                     {.attempt = 3, .at = t0 + 25h + 61s, .reason = "two\nlines, \"quoted\"\n    at attempt 9, never"},
                     {.attempt = 4, .at = t0, .reason = ""}};
    texts traces;
    for (const auto& each : all)
        traces = read_traces(with_error(traces, each, 10));
    EXPECT_EQ(to_errors(traces, 4), all);
}

TEST(QueueRedisTraces, AreForgottenOldestFirst) {
    texts traces;
    for (int attempt = 1; attempt <= 5; ++attempt)
        traces = read_traces(with_error(traces, {.attempt = attempt, .at = t0, .reason = "no"}, 3));
    EXPECT_EQ(traces.size(), 3u);
    EXPECT_EQ(to_errors(traces, 5).front().attempt, 3);
    EXPECT_EQ(with_error(traces, {.attempt = 6, .at = t0}, 0), "[]");
}

TEST(QueueRedisTraces, OfOthersAreReadAsFarAsTheyGo) {
    const texts of_node{"Error: no\n    at work (work.js:1:1)\n    at run (run.js:2:2)", "TypeError: never"};
    EXPECT_EQ(to_errors(of_node, 7),
              (errors{{.attempt = 6, .reason = "Error: no"}, {.attempt = 7, .reason = "TypeError: never"}}));
    EXPECT_EQ(to_errors(of_node, 0).front().attempt, 1) << "somebody has forgotten the attempts";
}

TEST(QueueRedisTraces, ThatOnlyLookLikeOursAreOthers) {
    for (const auto* line : {"", "two", "2", "0, 2026-01-01T00:00:00.000Z", "2, 2026-13-01T00:00:00.000Z",
                             "2, 2026-01-01T00:00:00Z", "2, 2026-01-01T00:00:00.000Zz"}) {
        const auto read = to_errors({std::string("no\n    at attempt ") + line}, 1);
        EXPECT_EQ(read, (errors{{.attempt = 1, .reason = "no"}})) << line;
    }
}

TEST(QueueRedisTraces, ThatAreNoArrayAreNone) {
    for (const auto* broken : {"", "null", "{}", "7", "[", "\"Error: no\""})
        EXPECT_EQ(read_traces(broken), texts()) << broken;
    EXPECT_EQ(read_traces(R"(["one",2,null,"three"])"), (texts{"one", "three"}));
}

} // namespace
} // namespace infra::queue::redis_backend::tests
