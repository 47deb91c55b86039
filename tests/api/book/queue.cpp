// What docs/queue.md shows.

#include "../support.hpp"

#include <infra/logging.hpp>
#include <infra/queue/sqlite.hpp>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

// [queue]
#include <infra/queue.hpp>

struct welcome {
    std::string email;
};
BOOST_DESCRIBE_STRUCT(welcome, (), (email))

const auto send_welcome = infra::queue::define_job<welcome>({
    .name = "send-welcome",
    .handler = [](welcome to) { infra::logging::info("welcome", {{"to", to.email}}); }, // or a coroutine
    .attempts = 5,
    .backoff = infra::queue::exponential(1s),
});

infra::awaitable<infra::queue::job_id> sign_up(std::string email) {
    co_return co_await infra::queue::enqueue(send_welcome, {.email = email}, {.delay = 5s}); // it is on disk now
}
// [/queue]

TEST(BookQueue, StoresTheJobThatThePageAdds) {
    const api::temporary_folder folder;
    infra::queue::set_default_queue(
        infra::queue::queue(infra::queue::make_sqlite_backend({.file = folder.path() / "queue.db"})));
    const auto id = infra::wait(sign_up("ann@example.com"));
    const auto stored = infra::wait(infra::queue::find_job(id));
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->state, infra::queue::job_state::delayed);
    EXPECT_EQ(stored->options.attempts, 5);
    infra::wait(infra::queue::default_queue().stop(infra::deadline::after(10s)));
}
