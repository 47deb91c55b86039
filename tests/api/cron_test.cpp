// Schedules: every shape of handler, on a queue in memory.

#include "support.hpp"

#include <infra/logging.hpp>
#include <infra/queue.hpp>
#include <infra/queue/memory.hpp>

#include <gtest/gtest.h>

namespace api {
namespace {

// [cron]
infra::awaitable<void> purge_sessions() {
    infra::log::info("purged");
    co_return;
}

void define_schedule() {
    infra::queue::define_cron({.name = "daily-cleanup", .pattern = "0 0 * * *", .handler = purge_sessions});
}
// [/cron]

void nightly(infra::queue::job_context& context) { infra::log::info(context.name()); }

TEST(ApiCron, TakesHandlersOfEveryShape) {
    using namespace infra::queue;
    using namespace std::chrono_literals;
    set_default_queue(queue(make_memory_backend(), {}, default_registry()));
    clear_cron_jobs();
    define_schedule();
    define_cron({.name = "nightly", .pattern = "0 3 * * *", .tz = "Europe/Berlin", .handler = nightly});
    define_cron({.name = "lambda", .pattern = "*/5 * * * *", .handler = [text = long_text("cron")] { (void)text; }});
    define_cron({.name = "coroutine", .every = 5min, .handler = [text = long_text("co")]() -> awaitable<void> {
                     co_return (void) text;
                 }});
    run([]() -> awaitable<void> {
        EXPECT_EQ((co_await get_cron_jobs()).size(), 4U);
        const auto nightly_job = co_await get_cron_job("nightly");
        EXPECT_EQ(nightly_job->when.tz, "Europe/Berlin");
        EXPECT_TRUE(nightly_job->next);
        EXPECT_FALSE(co_await get_cron_job("absent"));
        EXPECT_TRUE(co_await remove_cron("lambda"));
    });
    EXPECT_EQ(clear_cron_jobs(), 3U);
    run([]() -> awaitable<void> { EXPECT_TRUE((co_await get_cron_jobs()).empty()); });
}

} // namespace
} // namespace api
