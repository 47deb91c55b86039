#include "tests/span_support.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

std::vector<std::uint64_t> ids_of(const std::vector<trace_summary>& all) {
    std::vector<std::uint64_t> out;
    for (const auto& each : all)
        out.push_back(each.id.low);
    return out;
}
using ids = std::vector<std::uint64_t>;

TEST(TraceStore, GathersTheSpansOfATrace) {
    trace_store kept(1 << 20, "/infra");
    kept.ended(made({.trace = 7, .id = 3, .parent = 1, .name = "select", .start = 5, .end = 25}));
    kept.ended(made({.trace = 8, .id = 9}));
    kept.ended(made({.trace = 7, .id = 1, .name = "POST /orders", .start = 0, .end = 30}));
    kept.ended(made({.trace = 7,
                     .id = 4,
                     .parent = 99,
                     .name = "process mail",
                     .start = 40,
                     .end = 100,
                     .failed = true,
                     .remote = true}));
    const auto found = kept.find({0, 7}).value();
    EXPECT_EQ(found.spans.size(), 3U);
    EXPECT_EQ(found.summary.root->name, "POST /orders");
    EXPECT_EQ(found.summary.took(), 100ms);
    EXPECT_TRUE(found.summary.failed);
    EXPECT_FALSE(kept.find({0, 9}));
    EXPECT_EQ(ids_of(kept.list({}, 0, 10).traces), (ids{7, 8}));
}

TEST(TraceStore, ListsByPage) {
    trace_store kept(1 << 20, "");
    for (std::uint64_t i = 1; i <= 5; ++i)
        kept.ended(made({.trace = i}));
    const auto first = kept.list({}, 0, 2);
    EXPECT_EQ(ids_of(first.traces), (ids{5, 4}));
    kept.ended(made({.trace = 6})); // shifts nothing
    const auto second = kept.list({}, first.next, 2);
    EXPECT_EQ(ids_of(second.traces), (ids{3, 2}));
    const auto third = kept.list({}, second.next, 2);
    EXPECT_EQ(ids_of(third.traces), (ids{1}));
    EXPECT_EQ(third.next, 0U);
}

TEST(TraceStore, Filters) {
    trace_store kept(1 << 20, "");
    kept.ended(made({.trace = 1, .name = "GET /a", .end = 10}));
    kept.ended(made({.trace = 2, .name = "GET /b", .end = 500}));
    kept.ended(made({.trace = 3, .name = "GET /a", .end = 20, .failed = true}));
    kept.ended(made({.trace = 4, .name = "GET /health", .attributes = {{"url.path", "/health"}}}));
    const struct {
        trace_filter wanted;
        ids expected;
    } cases[] = {
        {{.failed = true}, {3}},
        {{.at_least = 100ms}, {2}},
        {{.name = "get /A", .probes = true}, {}}, // in lower case, as it is asked for
        {{.name = "get /a"}, {3, 1}},
        {{.route = "GET /a"}, {3, 1}},
        {{.route = "GET /"}, {}},
        {{.probes = false}, {3, 2, 1}},
        {{.since = from_unix_ms(1'767'225'600'001)}, {}},
    };
    for (const auto& each : cases)
        EXPECT_EQ(ids_of(kept.list(each.wanted, 0, 10).traces), each.expected);
}

// What somebody will ask for tomorrow.
TEST(TraceStore, KeepsFailuresAndTheSlowestLongerThanTheRest) {
    trace_store kept(256 * 1024, "");
    kept.ended(made({.trace = 1, .name = "failed", .failed = true}));
    kept.ended(made({.trace = 2, .name = "GET /", .end = 9000}));
    kept.ended(made({.trace = 3, .name = "GET /", .end = 1}));
    for (std::uint64_t i = 10; i < 3000; ++i)
        kept.ended(made({.trace = i, .name = "GET /", .end = static_cast<std::int64_t>(10 + i % 7)}));
    EXPECT_TRUE(kept.find({0, 1}));
    EXPECT_TRUE(kept.find({0, 2}));
    EXPECT_FALSE(kept.find({0, 3}));
    EXPECT_TRUE(kept.find({0, 2999}));
    const auto now = kept.counts();
    EXPECT_LE(now.bytes, 256U * 1024);
    EXPECT_GT(now.traces, 100U);
}

TEST(TraceStore, FailuresDoNotTakeTheRoomOfTheRest) {
    trace_store kept(256 * 1024, "");
    for (std::uint64_t i = 1; i < 3000; ++i)
        kept.ended(made({.trace = i, .failed = i % 2 == 0}));
    const auto failed = kept.list({.failed = true}, 0, 10'000).traces.size();
    const auto all = kept.counts().traces;
    EXPECT_GT(failed, all / 4);
    EXPECT_LT(failed, all * 4 / 5);
    EXPECT_LE(kept.counts().bytes, 256U * 1024);
}

TEST(TraceStore, HoldsNoMoreThanAThousandSpansOfATrace) {
    trace_store kept(16 << 20, "");
    for (std::uint64_t i = 1; i <= 1200; ++i)
        kept.ended(made({.id = i}));
    const auto found = kept.find({0, 1}).value();
    EXPECT_EQ(found.spans.size(), 1000U);
    EXPECT_EQ(found.summary.left_out, 200U);
    EXPECT_EQ(found.summary.spans, 1200U);
}

TEST(TraceStore, DoesNotShowThatSomebodyLooks) {
    trace_store kept(1 << 20, "/infra");
    const auto request = [&](std::uint64_t trace, const char* method, const char* path) {
        kept.ended(made({.trace = trace, .id = 2, .parent = 1, .name = "storage list"}));
        kept.ended(made({.trace = trace,
                         .attributes = {{"http.request.method", method}, {"url.path", path}},
                         .kind = monitoring::span_kind::server}));
    };
    request(1, "GET", "/infra/api/queues");
    request(2, "GET", "/infra");
    request(3, "POST", "/infra/api/queues/mail/pause"); // that somebody acts it does
    request(4, "GET", "/infrared");
    EXPECT_EQ(ids_of(kept.list({}, 0, 10).traces), (ids{4, 3}));
    EXPECT_EQ(kept.counts().spans, 4U);
}

TEST(TraceStore, LookAtThePagesTakesNoOtherRequestAwayWithIt) {
    trace_store kept(1 << 20, "/infra");
    const auto request = [&](std::uint64_t span, const char* method, const char* path) {
        kept.ended(made({.id = span,
                         .attributes = {{"http.request.method", method}, {"url.path", path}},
                         .kind = monitoring::span_kind::server}));
    };
    request(1, "POST", "/orders");
    request(2, "GET", "/infra"); // with the same traceparent
    ASSERT_TRUE(kept.find({0, 1}));
    EXPECT_EQ(kept.find({0, 1})->summary.spans, 1U);
}

TEST(TraceStore, NamesRootsAndTheSlowest) {
    trace_store kept(1 << 20, "");
    kept.ended(made({.trace = 1, .name = "GET /a", .end = 10}));
    kept.ended(made({.trace = 2, .name = "GET /a", .end = 30, .failed = true}));
    kept.ended(made({.trace = 3, .name = "GET /b", .end = 20}));
    const auto names = kept.names(10);
    ASSERT_EQ(names.size(), 2U);
    EXPECT_EQ(names[0].name, "GET /a");
    EXPECT_EQ(names[0].count, 2U);
    EXPECT_EQ(names[0].failed, 1U);
    EXPECT_EQ(names[0].slowest, 30ms);
    EXPECT_EQ(ids_of(kept.slowest(2, {})), (ids{2, 3}));
    EXPECT_TRUE(kept.slowest(2, from_unix_ms(1'767'225'601'000)).empty());
}

TEST(TraceStore, IsWrittenFromManyThreads) {
    trace_store kept(64 * 1024, "");
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < 4; ++t)
        threads.emplace_back([&kept, t] {
            for (std::uint64_t i = 1; i < 2000; ++i)
                kept.ended(made({.trace = i, .id = t + 1, .failed = i % 13 == 0}));
        });
    for (int i = 0; i < 50; ++i)
        kept.list({}, 0, 100);
    threads.clear();
    EXPECT_LE(kept.counts().bytes, 64U * 1024);
}

} // namespace
} // namespace infra::dashboard
