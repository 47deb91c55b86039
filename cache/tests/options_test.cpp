#include "support.hpp"

#include <limits>

namespace infra::cache::tests {
namespace {

template <class Options>
std::string problem(const Options& options) {
    try {
        check(options);
        return "";
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
}

TEST(CacheOptions, AreRefusedByName) {
    EXPECT_EQ(problem(cache_options{.default_ttl = 0ms}), "cache::cache_options::default_ttl must be positive");
    EXPECT_EQ(problem(cache_options{.max_bytes = 1}), "cache::cache_options::max_bytes must be at least 64 KiB");
    EXPECT_EQ(problem(cache_options{.timeout = -1ms}), "cache::cache_options::timeout must be positive");
    EXPECT_EQ(problem(cache_options{.prefix = "\n"}),
              "cache::cache_options::prefix must be UTF-8 without control characters");
    EXPECT_EQ(problem(set_options{.ttl = 0ms}), "cache::set_options::ttl must be positive");
    EXPECT_EQ(problem(set_options{.tags = ""}),
              "cache::set_options::tags must have 1 to 255 bytes of UTF-8 without control characters each");
    EXPECT_EQ(problem(load_options{.tags = std::string("a\0b", 3)}),
              "cache::load_options::tags must have 1 to 255 bytes of UTF-8 without control characters each");
    EXPECT_EQ(problem(set_options{.tags = std::vector<std::string>(65, "t")}),
              "cache::set_options::tags must be at most 64");
    EXPECT_EQ(problem(load_options{.ttl = -1ms}), "cache::load_options::ttl must be positive");
    EXPECT_EQ(problem(load_options{.stale = -1ms}), "cache::load_options::stale must not be negative");
    EXPECT_EQ(problem(load_options{.grace = -1ms}), "cache::load_options::grace must not be negative");
    EXPECT_EQ(problem(load_options{.throttle = 0ms}), "cache::load_options::throttle must be positive");
    EXPECT_EQ(problem(load_options{.soft_timeout = 0ms}), "cache::load_options::soft_timeout must be positive");
    EXPECT_EQ(problem(load_options{.hard_timeout = 0ms}), "cache::load_options::hard_timeout must be positive");
    EXPECT_EQ(problem(load_options{.none_ttl = 0ms}), "cache::load_options::none_ttl must be positive");
    EXPECT_EQ(problem(load_options{.eager = 1.5}), "cache::load_options::eager must be from 0 to 1");
    EXPECT_EQ(problem(load_options{.jitter = std::numeric_limits<double>::quiet_NaN()}),
              "cache::load_options::jitter must be from 0 to 1");
}

TEST(CacheOptions, ThatAreUsualPass) {
    EXPECT_EQ(problem(cache_options{.prefix = "shop:", .default_ttl = forever}), "");
    EXPECT_EQ(problem(set_options{.ttl = 1ms, .tags = {"a", "b"}}), "");
    EXPECT_EQ(problem(load_options{.ttl = 1min, .stale = 1min, .grace = 24h, .eager = 0.8, .jitter = 1}), "");
}

} // namespace
} // namespace infra::cache::tests
