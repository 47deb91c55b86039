#include "queue_limits.hpp"
#include "queue_verbs.hpp"
#include "verbs.hpp"

namespace infra::cli {

CLI::App& queue_group::add(verb v, opening how, std::function<exit_code(const queue_session&)> act) const {
    return to.add(
        std::move(v),
        [place = place, how, act = std::move(act)](const output& o) { return with_queue(*place, how, o, act); }, &app);
}

namespace {

std::string job_states_with(std::string_view between) {
    std::string known;
    for (std::size_t i = 0; i < queue::job_states; ++i)
        known.append(known.empty() ? "" : between).append(to_string(static_cast<queue::job_state>(i)));
    return known;
}

} // namespace

queue::job_state job_state_from(std::string_view name) {
    for (std::size_t i = 0; i < queue::job_states; ++i)
        if (const auto each = static_cast<queue::job_state>(i); to_string(each) == name)
            return each;
    throw std::invalid_argument("there is no state '" + std::string(name) + "'; there are " + job_states_with(", "));
}

std::string names_of_job_states() { return job_states_with("|"); }

std::chrono::milliseconds duration_of(const std::string& flag, const std::string& text) {
    const auto read = parse_duration(text);
    if (!read)
        throw std::invalid_argument(flag + ": expected a duration such as 250ms, 90s or 24h");
    return *read;
}

void add_queue(frame& f) {
    auto& app =
        f.add_group({.name = "queue",
                     .description = "Adds jobs, runs commands for them, and looks after queues.",
                     .examples = {"infra queue ls", "infra queue add mail '{\"to\":\"a@example.org\"}' --delay 5m",
                                  "infra queue work mail --exec ./send-mail --concurrency 4",
                                  "infra queue retry --all --queue mail --reason 'timed out'"}});
    const queue_group group{f, app, std::make_shared<queue_place>()};
    add_place_options(app, *group.place);
    add_queue_add(group);
    add_queue_work(group);
    add_queue_look(group);
    add_queue_steer(group);
    add_queue_limits(group);
    add_queue_workers(group);
    add_queue_change(group);
    add_queue_errors(group);
    add_queue_doctor(group);
    add_queue_move(group);
}

} // namespace infra::cli
