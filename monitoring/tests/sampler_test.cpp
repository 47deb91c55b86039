#include <infra/monitoring/tracer.hpp>

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/runtime/environment.hpp>

#include <gtest/gtest.h>

namespace infra::monitoring {
namespace {

const infra::span_context no_parent{};
infra::span_context parent(bool sampled) { return {{1, 2}, {3}, static_cast<std::uint8_t>(sampled ? 1 : 0)}; }

TEST(Sampler, FollowsTheParent) {
    EXPECT_TRUE(sampler{.ratio = 0}.samples({1, 2}, parent(true)));
    EXPECT_FALSE(sampler{.ratio = 1}.samples({1, 2}, parent(false)));
    EXPECT_TRUE((sampler{.ratio = 1, .follows_parent = false}.samples({1, 2}, parent(false))));
}

TEST(Sampler, TakesAllOrNothingAtTheEnds) {
    for (const std::uint64_t low : {std::uint64_t(0), std::uint64_t(1), ~std::uint64_t(0)}) {
        EXPECT_TRUE(sampler{.ratio = 1}.samples({1, low}, no_parent));
        EXPECT_FALSE(sampler{.ratio = 0}.samples({1, low}, no_parent));
    }
}

TEST(Sampler, DecidesOnTheLow56Bits) {
    constexpr std::uint64_t half = std::uint64_t(1) << 55;
    EXPECT_FALSE(sampler{.ratio = 0.5}.samples({0, half - 1}, no_parent));
    EXPECT_TRUE(sampler{.ratio = 0.5}.samples({0, half}, no_parent));
    EXPECT_FALSE(sampler{.ratio = 0.5}.samples({0, std::uint64_t(1) << 56}, no_parent));
}

TEST(Sampler, TakesWithALargerRatioWhateverASmallerOneTook) {
    for (int i = 0; i < 1000; ++i) {
        const trace_id trace{random_u64(), random_u64()};
        if (sampler{.ratio = 0.1}.samples(trace, no_parent)) {
            EXPECT_TRUE(sampler{.ratio = 0.2}.samples(trace, no_parent));
        }
    }
}

TEST(Sampler, IsNamedAsOpenTelemetryNamesIt) {
    const auto from = [](std::string name, std::string arg = "") {
        return sampler_from(environment({{"OTEL_TRACES_SAMPLER", name}, {"OTEL_TRACES_SAMPLER_ARG", arg}}));
    };
    EXPECT_EQ(sampler_from(environment()).ratio, 1);
    EXPECT_TRUE(sampler_from(environment()).follows_parent);
    EXPECT_EQ(from("always_off").ratio, 0);
    EXPECT_FALSE(from("always_off").follows_parent);
    EXPECT_EQ(from("parentbased_traceidratio", "0.25").ratio, 0.25);
    EXPECT_TRUE(from("parentbased_traceidratio", "0.25").follows_parent);
    EXPECT_EQ(from("traceidratio").ratio, 1);
    EXPECT_THROW(from("sometimes"), infra::error);
    EXPECT_THROW(from("traceidratio", "2"), infra::error);
    EXPECT_THROW(from("traceidratio", "nan"), infra::error);
}

TEST(TracerOptions, AreOpenTelemetrysVariables) {
    const auto o = tracer_options_from(environment({{"OTEL_TRACES_SAMPLER", "always_off"},
                                                    {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7"},
                                                    {"OTEL_SPAN_EVENT_COUNT_LIMIT", "8"},
                                                    {"OTEL_SPAN_LINK_COUNT_LIMIT", "0"},
                                                    {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"}}));
    EXPECT_EQ(o.sampler.ratio, 0);
    EXPECT_EQ(o.max_attributes, 7U);
    EXPECT_EQ(o.max_events, 8U);
    EXPECT_EQ(o.max_links, 0U);
    EXPECT_EQ(o.max_value_bytes, 100U);
    EXPECT_EQ(tracer_options_from(environment()).max_attributes, 128U);
    EXPECT_THROW(tracer_options_from(environment({{"OTEL_SPAN_EVENT_COUNT_LIMIT", "many"}})), infra::error);
}

} // namespace
} // namespace infra::monitoring
