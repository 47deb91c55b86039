#include "src/redis/stored_options.hpp"

#include "src/redis/fields.hpp"
#include "tests/support.hpp"

#include <tuple>

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::make_job;
using queue::tests::t0;
using namespace std::chrono_literals;

stored_options read(std::string_view text) { return read_options(text).value(); }

TEST(QueueRedisOptions, AreBullmqsDefaultsWhereNothingIsSaid) {
    const auto none = read("{}");
    EXPECT_EQ(none.options, (job_options{.keep_completed = {}, .keep_failed = {}}));
    EXPECT_FALSE(none.deduplicate);
    EXPECT_EQ(none.carrier, "");
    EXPECT_EQ(none.backoff_strategy, "");
    EXPECT_FALSE(none.keep_logs);
    EXPECT_FALSE(none.keep_traces);
}

TEST(QueueRedisOptions, CountAttemptsFromOne) {
    const std::tuple<const char*, int> cases[] = {
        {"0", 1}, {"1", 1}, {"3", 3}, {"2.9", 2}, {"-5", 1}, {"1e300", 1'000'000}, {"\"3\"", 1}, {"null", 1}};
    for (const auto& [text, attempts] : cases)
        EXPECT_EQ(read(std::string(R"({"attempts":)") + text + "}").options.attempts, attempts) << text;
}

TEST(QueueRedisOptions, KeepByFlagNumberAndObject) {
    const std::tuple<const char*, keep> cases[] = {
        {"true", {.count = 0}},
        {"false", {}},
        {"0", {.count = 0}},
        {"100", {.count = 100}},
        {"-1", {}},
        {R"({"count":10})", {.count = 10}},
        {R"({"count":-1})", {}},
        {R"({"age":3600})", {.age = 3600s}},
        {R"({"age":3600,"count":10,"limit":5})", {.count = 10, .age = 3600s}},
        {R"({})", {}},
        {R"("all")", {}},
        {"1e300", {.count = 9'000'000'000'000'000}},
    };
    for (const auto& [text, expected] : cases) {
        EXPECT_EQ(read(std::string(R"({"removeOnComplete":)") + text + "}").options.keep_completed, expected) << text;
        EXPECT_EQ(read(std::string(R"({"removeOnFail":)") + text + "}").options.keep_failed, expected) << text;
    }
}

TEST(QueueRedisOptions, BackOffByNumberAndObject) {
    EXPECT_EQ(read(R"({"backoff":1500})").options.backoff, fixed(1500ms));
    EXPECT_EQ(read(R"({"backoff":{"type":"fixed","delay":20}})").options.backoff, fixed(20ms));
    EXPECT_EQ(read(R"({"backoff":{"type":"exponential","delay":1000,"jitter":0.5,"max":60000}})").options.backoff,
              (backoff{.type = backoff::kind::exponential, .delay = 1s, .max = 60s, .jitter = 0.5}));
    EXPECT_EQ(read(R"({"backoff":{"type":"fixed","delay":-1,"jitter":7}})").options.backoff, (backoff{.jitter = 1}))
        << "what is out of range is brought into it";
}

TEST(QueueRedisOptions, NameAStrategyThatOnlyBullmqHas) {
    const auto strange = read(R"({"backoff":{"type":"stairs","delay":70}})");
    EXPECT_EQ(strange.backoff_strategy, "stairs");
    EXPECT_EQ(strange.options.backoff, fixed(70ms));
    EXPECT_EQ(read(R"({"backoff":{"type":"exponential","delay":70}})").backoff_strategy, "");
}

TEST(QueueRedisOptions, HavePrioritiesWithinTheirBounds) {
    EXPECT_EQ(read(R"({"priority":5})").options.priority, 5);
    EXPECT_EQ(read(R"({"priority":2097152})").options.priority, most_priority);
    EXPECT_EQ(read(R"({"priority":-1})").options.priority, 0);
    EXPECT_TRUE(read(R"({"lifo":true})").options.lifo);
}

TEST(QueueRedisOptions, Deduplicate) {
    const auto all = read(R"({"de":{"id":"a","ttl":5000,"extend":true,"replace":true}})").deduplicate;
    EXPECT_EQ(all, (deduplication{.id = "a", .ttl = 5s, .extend = true, .replace = true}));
    EXPECT_EQ(read(R"({"de":{"id":"a","keepLastIfActive":true}})").deduplicate,
              (deduplication{.id = "a", .keep_last_if_active = true}));
    EXPECT_EQ(read(R"({"de":{"ttl":5000}})").deduplicate, std::nullopt);
}

TEST(QueueRedisOptions, CarryTraceHeaders) {
    EXPECT_EQ(read(R"({"tm":"{\"traceparent\":\"00-1-2-01\"}"})").carrier, R"({"traceparent":"00-1-2-01"})");
    EXPECT_EQ(read(R"({"tm":{"traceparent":"00-1-2-01"}})").carrier, R"({"traceparent":"00-1-2-01"})");
    EXPECT_EQ(read(R"({"tm":7})").carrier, "");
}

TEST(QueueRedisOptions, BoundWhatIsKeptBesideTheJob) {
    const auto bounds = read(R"({"kl":5,"stackTraceLimit":0})");
    EXPECT_EQ(bounds.keep_logs, 5u);
    EXPECT_EQ(bounds.keep_traces, 0u);
}

TEST(QueueRedisOptions, ThatAreNoObjectAreAFailure) {
    for (const auto* broken : {"", "[]", "7", "{", R"({"a":)", "undefined"})
        EXPECT_FALSE(read_options(broken)) << broken;
}

TEST(QueueRedisOptions, ComeBackAsTheyWereWritten) {
    const job_options options{.attempts = 5,
                              .backoff = {.type = backoff::kind::exponential, .delay = 1s, .max = 60s, .jitter = 0.25},
                              .timeout = 30s,
                              .priority = 7,
                              .lifo = true,
                              .ttl = 1h,
                              .keep_completed = {.count = 10, .age = 60s},
                              .keep_failed = {.count = 0}};
    EXPECT_EQ(read(json::to_text(opts_of(options))).options, options);
    EXPECT_EQ(read(json::to_text(opts_of(job_options{}))).options, job_options{});
    for (const auto& k : {keep{}, keep{.age = 5s}, keep{.count = 3}}) {
        const job_options kept{.keep_completed = k, .keep_failed = k};
        EXPECT_EQ(read(json::to_text(opts_of(kept))).options, kept);
    }
}

TEST(QueueRedisOptions, OfAJobSayWhatItWasAddedWith) {
    auto job = make_job("order-7");
    job.run_at = t0 + 5s;
    job.carrier = R"({"traceparent":"00-1-2-01"})";
    job.deduplicate = deduplication{.id = "a", .ttl = 5s, .extend = true};
    const auto opts = opts_of(job);
    EXPECT_EQ(text_in(opts, "jobId"), "order-7");
    EXPECT_EQ(integer_in(opts, "delay"), 5000);
    EXPECT_EQ(text_in(opts, "tm"), job.carrier);
    EXPECT_EQ(read(json::to_text(opts)).deduplicate, job.deduplicate);
    EXPECT_FALSE(opts.contains("parent"));
}

TEST(QueueRedisOptions, NameNoIdThatTheStorageGave) {
    EXPECT_FALSE(opts_of(make_job("")).contains("jobId"));
    EXPECT_FALSE(opts_of(make_job("17")).contains("jobId"));
}

TEST(QueueRedisOptions, OfATimeThatHasPassedDelayNothing) {
    auto job = make_job("late");
    job.run_at = t0 - 1s;
    EXPECT_EQ(integer_in(opts_of(job), "delay"), 0);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
