// What docs/cache.md shows.

#include "../support.hpp"

#include <gtest/gtest.h>

using namespace std::chrono_literals;

namespace {

int loads = 0;
infra::awaitable<api::user> load_user(int number) {
    ++loads;
    co_return api::user{.name = "Ann", .age = number};
}

} // namespace

using api::user;

// [cache]
#include <infra/cache.hpp>

infra::awaitable<std::string> name_of(infra::cache::cache cache, int number) {
    auto found = co_await cache.get_or_set("user:" + std::to_string(number),
                                           {.ttl = 5min,            // served as it is
                                            .tags = {"users"},      // co_await cache.invalidate_tag("users")
                                            .stale = 1min,          // then served at once, and loaded behind the reader
                                            .grace = 24h,           // then served if the loader fails …
                                            .soft_timeout = 100ms}, // … or takes longer
                                           [=] { return load_user(number); }); // once, however many ask
    co_return found.name;
}
// [/cache]

TEST(BookCache, LoadsOnce) {
    auto cache = infra::cache::create_cache({.url = "memory:", .prefix = "shop:"});
    EXPECT_EQ(infra::wait(name_of(cache, 7)), "Ann");
    EXPECT_EQ(infra::wait(name_of(cache, 7)), "Ann");
    EXPECT_EQ(loads, 1);
}
