// What is done to a whole queue.

#include "desk.hpp"
#include "documents.hpp"
#include "scan.hpp"
#include "search.hpp"

namespace infra::dashboard {
namespace {

/// What is left out stays as it is; 0 is no limit.
struct new_settings {
    std::optional<std::size_t> concurrency{};
    std::optional<std::size_t> max_length{};
    std::optional<std::size_t> rate_max{};
    std::optional<std::chrono::milliseconds> rate_duration_ms{};
};
BOOST_DESCRIBE_STRUCT(new_settings, (), (concurrency, max_length, rate_max, rate_duration_ms))

struct cleaning {
    std::string state{};
    std::chrono::milliseconds older_than_ms{0};
    std::optional<std::string> cursor{};
};
BOOST_DESCRIBE_STRUCT(cleaning, (), (state, older_than_ms, cursor))

struct draining {
    std::string name{}; ///< the queue's, typed
    std::optional<bool> delayed{};
    std::optional<std::string> cursor{};
};
BOOST_DESCRIBE_STRUCT(draining, (), (name, delayed, cursor))

awaitable<http::response> steer_queue(shared_desk desk, std::string queue, bool paused) {
    const auto jobs = desk->jobs();
    const auto now = paused ? co_await jobs.pause(queue) : co_await jobs.resume(queue);
    desk->forget(queue);
    co_return http::response::ok(document_of(now));
}

awaitable<http::response> change_settings(shared_desk desk, http::request r) {
    const auto asked = r.json<new_settings>();
    const auto jobs = desk->jobs();
    const std::string queue(r.param("queue"));
    if (asked.concurrency)
        co_await jobs.set_concurrency(queue, *asked.concurrency);
    if (asked.max_length)
        co_await jobs.set_max_length(queue, *asked.max_length);
    if (asked.rate_max) {
        const queue::rate_limit usual;
        co_await jobs.set_rate_limit(
            queue, {.max = *asked.rate_max, .duration = asked.rate_duration_ms.value_or(usual.duration)});
    }
    desk->forget(queue);
    co_return http::response::ok(document_of(co_await jobs.settings(queue)));
}

awaitable<http::response> clean(shared_desk desk, http::request r) {
    const auto asked = r.json<cleaning>();
    const auto jobs = desk->jobs();
    const auto state = state_named(asked.state);
    if (asked.older_than_ms.count() < 0 || asked.older_than_ms > std::chrono::years(100))
        throw http::error_response(422, "bad_age", "older_than_ms is from 0 to a hundred years", "/older_than_ms");
    const bool is_over = state == queue::job_state::completed || state == queue::job_state::failed;
    if (state == queue::job_state::active)
        throw http::error_response(422, "jobs_run", "jobs that run cannot be removed; cancel them", "/state");
    queue::job_filter which{.queue = std::string(r.param("queue")), .states = {state}};
    (is_over ? which.finished_before : which.created_before) =
        saturating_add(jobs.time().wall(), -asked.older_than_ms + std::chrono::milliseconds(1));
    const auto done = co_await change_those(jobs, queue::job_change::remove, which, asked.cursor.value_or(""));
    desk->forget(which.queue);
    co_return changed_response(done);
}

// The name is asked for once more, so that no slip of a finger throws a queue's work away.
awaitable<http::response> drain(shared_desk desk, http::request r) {
    const auto asked = r.json<draining>();
    queue::job_filter which{.queue = std::string(r.param("queue")), .states = {queue::job_state::waiting}};
    if (asked.name != which.queue)
        throw http::error_response(422, "not_confirmed", "name must be the queue's", "/name");
    if (asked.delayed.value_or(false))
        which.states.push_back(queue::job_state::delayed);
    const auto done = co_await change_those(desk->jobs(), queue::job_change::remove, which, asked.cursor.value_or(""));
    desk->forget(which.queue);
    co_return changed_response(done);
}

} // namespace

void add_steering(board& on, const shared_desk& desk) {
    using enum http::method;
    on.act(post, "/queues/{queue}/pause", "pause a queue", [desk](const acting&, const http::request& r) {
        return steer_queue(desk, std::string(r.param("queue")), true);
    });
    on.act(post, "/queues/{queue}/resume", "resume a queue", [desk](const acting&, const http::request& r) {
        return steer_queue(desk, std::string(r.param("queue")), false);
    });
    on.act(patch, "/queues/{queue}", "change a queue's limits",
           [desk](const acting&, http::request r) { return change_settings(desk, std::move(r)); });
    on.act(post, "/queues/{queue}/clean", "clean a queue",
           [desk](const acting&, http::request r) { return clean(desk, std::move(r)); });
    on.act(post, "/queues/{queue}/drain", "drain a queue",
           [desk](const acting&, http::request r) { return drain(desk, std::move(r)); });
}

} // namespace infra::dashboard
