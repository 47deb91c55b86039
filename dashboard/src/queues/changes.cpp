// What is done to jobs: to one, to a selection, to all that fit, and new ones.

#include "../masking.hpp"
#include "desk.hpp"
#include "documents.hpp"
#include "scan.hpp"
#include "search.hpp"

#include <utility>

namespace infra::dashboard {
namespace {

using queue::job_change;

constexpr std::size_t most_named = 1000;

/// `ids`, or all that fit `state` and `q`, as far as the time allows: then `next` of the answer is the `cursor` to go on with.
struct many_changes {
    std::string what{};
    std::optional<std::vector<std::string>> ids{};
    std::optional<std::string> state{};
    std::optional<std::string> q{};
    std::optional<std::string> cursor{};
};
BOOST_DESCRIBE_STRUCT(many_changes, (), (what, ids, state, q, cursor))

struct new_one {
    std::string name{};
    json::value data{};
    std::optional<std::chrono::milliseconds> delay_ms{};
    std::optional<int> attempts{};
    std::optional<int> priority{};
    std::optional<std::string> group{};
    std::optional<std::string> like{}; ///< a job's id, whose secrets stand where `data` has masks
};
BOOST_DESCRIBE_STRUCT(new_one, (), (name, data, delay_ms, attempts, priority, group, like))

job_change change_named(std::string_view name) {
    for (const auto each : {job_change::retry, job_change::promote, job_change::cancel, job_change::remove})
        if (to_string(each) == name)
            return each;
    throw http::error_response(422, "no_such_change", "what is one of retry, promote, cancel and remove", "/what");
}

awaitable<http::response> change_one(shared_desk desk, job_change what, http::request r) {
    const auto jobs = desk->jobs();
    queue::change_request request{.what = what, .with_children = true};
    request.jobs.push_back({std::string(r.param("queue")), std::string(r.param("id"))});
    const auto queue = request.jobs[0].queue;
    const auto done = co_await jobs.change(std::move(request));
    desk->forget(queue);
    if (done.changed == 0)
        throw http::error_response(409, "not_changed",
                                   "the job is not there any more, or is in no state for this: look at it again");
    co_return changed_response(done);
}

// Jobs that have meanwhile come into no state for it are left alone, and not counted.
awaitable<queue::change_result> change_named_ones(queue::control jobs, job_change what, std::string queue,
                                                  std::vector<std::string> ids) {
    queue::change_request request{.what = what};
    for (auto& id : ids)
        request.jobs.push_back({queue, std::move(id)});
    co_return co_await jobs.change(std::move(request));
}

awaitable<http::response> change_many(shared_desk desk, http::request r) {
    auto asked = r.json<many_changes>();
    const auto what = change_named(asked.what);
    queue::job_filter which{.queue = std::string(r.param("queue"))};
    queue::change_result done;
    if (asked.ids) {
        if (asked.ids->empty() || asked.ids->size() > most_named)
            throw http::error_response(422, "bad_ids", "ids are 1 to 1000 of them", "/ids");
        done = co_await change_named_ones(desk->jobs(), what, which.queue, std::move(*asked.ids));
    } else {
        if (asked.state && !asked.state->empty())
            which.states.push_back(state_named(*asked.state));
        add_search(which, asked.q.value_or(""));
        done = co_await change_those(desk->jobs(), what, which, asked.cursor.value_or(""));
    }
    desk->forget(which.queue);
    co_return changed_response(done);
}

awaitable<void> take_secrets(queue::queue jobs, queue::job_key like, json::value* data) {
    const auto found = co_await jobs.find_job(std::move(like));
    if (!found)
        throw http::error_response(409, "no_job", "the job that this one is like is not there any more", "/like");
    unmask(*data, json::parse(found->data, {.max_bytes = found->data.size(), .max_depth = 256}).value());
}

awaitable<http::response> add_job(shared_desk desk, http::request r) {
    auto asked = r.json<new_one>();
    if (asked.like)
        co_await take_secrets(desk->jobs(), {std::string(r.param("queue")), *asked.like}, &asked.data);
    queue::enqueue_options options{.delay = asked.delay_ms.value_or(std::chrono::milliseconds(0)),
                                   .attempts = asked.attempts,
                                   .priority = asked.priority,
                                   .queue = std::string(r.param("queue"))};
    if (asked.group && !asked.group->empty())
        options.group = std::move(asked.group);
    const auto queue = *options.queue;
    const auto id = co_await desk->jobs().enqueue(asked.name, asked.data, std::move(options));
    desk->forget(queue);
    co_return http::response::created({{"queue", queue}, {"id", id}});
}

} // namespace

void add_changes(board& on, const shared_desk& desk) {
    using enum http::method;
    const auto one = [&](http::method how, std::string_view pattern, std::string name, job_change what) {
        on.act(how, pattern, std::move(name),
               [desk, what](const acting&, http::request r) { return change_one(desk, what, std::move(r)); });
    };
    one(post, "/queues/{queue}/jobs/{id}/retry", "retry a job", job_change::retry);
    one(post, "/queues/{queue}/jobs/{id}/promote", "promote a job", job_change::promote);
    one(post, "/queues/{queue}/jobs/{id}/cancel", "cancel a job", job_change::cancel);
    one(delete_, "/queues/{queue}/jobs/{id}", "remove a job", job_change::remove);
    on.act(post, "/queues/{queue}/change", "change many jobs",
           [desk](const acting&, http::request r) { return change_many(desk, std::move(r)); });
    on.act(post, "/queues/{queue}/jobs", "add a job",
           [desk](const acting&, http::request r) { return add_job(desk, std::move(r)); });
}

} // namespace infra::dashboard
