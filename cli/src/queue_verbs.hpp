#pragma once

// `infra queue`, a file for each kind of verb.

#include "queue_session.hpp"

#include <memory>

namespace infra::cli {

/// The word `queue` (or `cron`), on which verbs hang that speak to a queue.
struct queue_group {
    frame& to;
    CLI::App& app;
    std::shared_ptr<queue_place> place;

    CLI::App& add(verb v, opening how, std::function<exit_code(const queue_session&)> act) const;
};

void add_queue_add(const queue_group& to);     ///< add
void add_queue_work(const queue_group& to);    ///< work
void add_queue_look(const queue_group& to);    ///< ls, stats, show, watch
void add_queue_steer(const queue_group& to);   ///< pause, resume, drain, clean
void add_queue_change(const queue_group& to);  ///< retry, promote, cancel, rm
void add_queue_errors(const queue_group& to);  ///< errors
void add_queue_doctor(const queue_group& to);  ///< doctor
void add_queue_workers(const queue_group& to); ///< workers
void add_queue_move(const queue_group& to);    ///< move

/// `infra cron ls|run|pause|resume`
void add_stored_cron(frame& f, CLI::App& group);

/// The state of that name. Throws std::invalid_argument listing those there are.
queue::job_state job_state_from(std::string_view name);

/// `waiting|delayed|…`, for the help of an option.
std::string names_of_job_states();

/// `--FLAG` as a duration. Throws std::invalid_argument naming the flag.
std::chrono::milliseconds duration_of(const std::string& flag, const std::string& text);

} // namespace infra::cli
