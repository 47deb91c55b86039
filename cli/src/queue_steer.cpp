#include "queue_steps.hpp"
#include "queue_verbs.hpp"

namespace infra::cli {
namespace {

struct steer_words {
    std::string queue;
    std::string state;
    std::string older_than = "0s";
    std::size_t limit = 1'000'000;
    bool also_delayed = false;
};

exit_code told(const queue::queue_settings& now, const output& to) {
    to.print(now.paused ? "paused" : "running", {{"queue", now.queue}, {"paused", now.paused}});
    return exit_code::ok;
}

exit_code pause(const steer_words& words, const queue_session& with) {
    const auto code = told(with.ask(with.jobs.pause(words.queue)), with.to);
    with.tell_if_nothing_is_there(words.queue);
    return code;
}

exit_code resume(const steer_words& words, const queue_session& with) {
    return told(with.ask(with.jobs.resume(words.queue)), with.to);
}

exit_code removed(std::size_t count, const std::string& queue, const queue_session& with) {
    if (count == 0)
        with.refuse_unknown(queue);
    with.to.print(std::to_string(count) + " removed", {{"removed", count}});
    return exit_code::ok;
}

// As control::drain() does it.
exit_code drain(const steer_words& words, const queue_session& with) {
    queue::check_name("queue", words.queue);
    const auto now = with.ask(with.jobs.counts({words.queue})).at(0);
    many_jobs which{.change = {.what = queue::job_change::remove,
                               .filter = {.queue = words.queue, .states = {queue::job_state::waiting}}},
                    .expected = now.waiting};
    if (words.also_delayed) {
        which.change.filter.states.push_back(queue::job_state::delayed);
        *which.expected += now.delayed;
    }
    return removed(change_in_steps(std::move(which), with), words.queue, with);
}

// As control::clean() does it.
queue::job_filter filter_of(const steer_words& words, queue::job_state state, wall_time now) {
    queue::job_filter which{.queue = words.queue, .states = {state}};
    const bool is_over = state == queue::job_state::completed || state == queue::job_state::failed;
    const auto before = saturating_add(now, -duration_of("--older-than", words.older_than));
    (is_over ? which.finished_before : which.created_before) = before;
    return which;
}

exit_code clean(const steer_words& words, const queue_session& with) {
    const auto state = job_state_from(words.state);
    if (state == queue::job_state::active)
        throw std::invalid_argument("jobs that run cannot be removed; cancel them");
    queue::check_name("queue", words.queue);
    auto which = filter_of(words, state, with.now());
    return removed(
        change_in_steps(
            {.change = {.what = queue::job_change::remove, .filter = std::move(which)}, .most = words.limit}, with),
        words.queue, with);
}

} // namespace

void add_queue_steer(const queue_group& to) {
    const auto words = std::make_shared<steer_words>();
    const auto add = [&](verb v, exit_code (*act)(const steer_words&, const queue_session&)) -> CLI::App& {
        auto& app = to.add(std::move(v), opening::existing,
                           [words, act](const queue_session& with) { return act(*words, with); });
        app.add_option("queue", words->queue, "Which")->required()->type_name("QUEUE");
        return app;
    };
    add({.name = "pause",
         .description = "Has nothing of a queue started any more, anywhere. What runs goes on.",
         .examples = {"infra queue pause mail"}},
        pause);
    add({.name = "resume", .description = "Has its jobs started again.", .examples = {"infra queue resume mail"}},
        resume);
    add({.name = "drain",
         .description = "Forgets what waits in a queue.",
         .examples = {"infra queue drain mail", "infra queue drain mail --delayed"}},
        drain)
        .add_flag("--delayed", words->also_delayed, "And what is delayed; schedules keep their next runs");

    auto& cleaning = add({.name = "clean",
                          .description = "Forgets jobs of a queue that are in a state.",
                          .examples = {"infra queue clean mail failed --older-than 7d"}},
                         clean);
    cleaning.add_option("state", words->state, "Which of its jobs")
        ->required()
        ->type_name("completed|failed|waiting|delayed|waiting_children");
    cleaning.add_option("--older-than", words->older_than, "Only those that were over, or else added, so long ago")
        ->capture_default_str();
    cleaning.add_option("--limit", words->limit, "At most so many")->capture_default_str();
}

} // namespace infra::cli
