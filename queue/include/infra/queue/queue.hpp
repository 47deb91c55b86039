#pragma once

/// Where a program adds jobs and asks about them.
///
///     infra::queue::queue jobs(infra::queue::make_backend("sqlite:var/queue.db"));
///     auto welcome = jobs.define_job<welcome_email>({.name = "welcome", .handler = send_welcome});
///     auto id = co_await jobs.enqueue(welcome, {.email = "a@example.org"}, {.delay = 5s});
///     auto info = co_await jobs.find_job(id);

#include <infra/base/clock.hpp>
#include <infra/queue/backend.hpp>
#include <infra/queue/control.hpp>
#include <infra/queue/registry.hpp>

namespace infra::queue {

class flow;

struct queue_options {
    /// Of a payload's and a result's JSON text. More: larger files and slower claims, since payloads are read with the
    /// jobs; better kept outside and named. 1 … 512 MiB.
    std::size_t max_payload_bytes = 1024 * 1024;
};

namespace detail {

struct to_add {
    std::string name{};
    std::string data{};
    std::optional<json::value> unchecked{}; // by name: to be checked if the job is defined here
};

} // namespace detail

/// A handle; copies are the same queue. What can be done to queues and to jobs that are there, it inherits from control.
///
/// Threads:  any member from any thread. Results arrive on the executor that awaits them.
/// Errors:   std::invalid_argument names a bad option. infra::error with errc::too_large or errc::invalid_payload before
///           anything is stored; what backend.hpp lists when the storage refuses.
/// Cancel:   an enqueue that is cancelled may have happened: repeat it with an `id`.
/// Lifetime: must be stopped or let go before the executors that its operations were awaited on. `time` must outlive it.
class queue : public control {
public:
    explicit queue(std::shared_ptr<backend> stored, queue_options options = {},
                   std::shared_ptr<registry> jobs = std::make_shared<registry>(), clock& time = real_clock());

    /// Defines a job by name. Without T its payload is a json::value.
    template <class T = json::value>
    job<T> define_job(job_definition<T> definition) const {
        return state_->jobs->define<T>(std::move(definition));
    }

    /// Defines a job that runs by itself; `cron_definition` says what it needs. A worker takes it up.
    void define_cron(cron_definition definition) const { jobs()->define_cron(std::move(definition)); }

    /// The schedules that are stored and those that are only defined here, by queue and name.
    [[nodiscard]] awaitable<std::vector<cron_job>> get_cron_jobs() const;
    [[nodiscard]] awaitable<std::optional<cron_job>> get_cron_job(std::string name) const;

    /// Forgets the definition and what is stored of it; false if there was neither. A process that defines it still will
    /// store it again.
    [[nodiscard]] awaitable<bool> remove_cron(std::string name) const;

    /// Adds a job as a schedule's runs are, now and beside those that it has; empty if no such schedule is stored.
    [[nodiscard]] awaitable<std::optional<job_id>> run_cron(schedule_key which) const;

    /// Adds a job; durable when the id is there. The payload is written at the call, so nothing of it need live on.
    template <class T>
    [[nodiscard]] awaitable<job_id> enqueue(const job<T>& to, const std::type_identity_t<T>& data,
                                            enqueue_options options = {}) const {
        return add_one(state_, to.queue(), detail::options_of(to.definition()), {to.name(), json::to_text(data)},
                       std::move(options));
    }

    /// The same by name: a braced object, a json::value, or any described struct. If the job is defined here its payload
    /// must fit and its options apply; otherwise its queue is named like it, and it waits for a worker that knows it.
    template <class T = json::value>
    [[nodiscard]] awaitable<job_id> enqueue(std::string_view name, const T& data, enqueue_options options = {}) const {
        auto value = json::to_value(data);
        auto text = json::to_text(value);
        return add_by_name(state_, {std::string(name), std::move(text), std::move(value)}, std::move(options));
    }

    /// Adds all or none, in one transaction. `options.id` must be unset.
    template <class T>
    [[nodiscard]] awaitable<std::vector<job_id>> enqueue_bulk(const job<T>& to,
                                                              const std::vector<std::type_identity_t<T>>& data,
                                                              enqueue_options options = {}) const {
        std::vector<detail::to_add> all;
        all.reserve(data.size());
        for (const auto& each : data)
            all.push_back({to.name(), json::to_text(each)});
        return add(state_, to.queue(), detail::options_of(to.definition()), std::move(all), std::move(options));
    }

    /// Adds all of a flow or nothing, in one transaction (queue/flow.hpp); the id of its first job, which runs last.
    [[nodiscard]] awaitable<job_id> enqueue_flow(flow what) const;

    /// Adds children of a job from its own run, which then says verdict::wait_for_children(). Throws
    /// infra::errc::invalid_state if the job is somebody else's by now.
    [[nodiscard]] awaitable<void> enqueue_children(const job_context& of, std::vector<flow> children,
                                                   child_failure on_failure = child_failure::fail_parent) const;

    /// What is remembered about a job; empty if nothing is.
    [[nodiscard]] awaitable<std::optional<job_info>> find_job(job_id id) const {
        return find(state_, {{}, std::move(id)});
    }
    [[nodiscard]] awaitable<std::optional<job_info>> find_job(job_key key) const {
        return find(state_, std::move(key));
    }

    /// Of the queues named; of all when none is named.
    [[nodiscard]] awaitable<std::vector<queue_counts>> counts(std::vector<std::string> queues = {}) const;

    /// Ends the backend, for all who share it. Stop workers first.
    [[nodiscard]] awaitable<void> stop(deadline limit) const;

    const std::shared_ptr<registry>& jobs() const noexcept { return state_->jobs; }
    const queue_options& options() const noexcept { return state_->options; }

private:
    struct state {
        std::shared_ptr<backend> stored;
        queue_options options;
        std::shared_ptr<registry> jobs;
        clock* time;
    };
    using shared = std::shared_ptr<const state>;

    static awaitable<job_id> add_one(shared s, std::string queue, job_options defaults, detail::to_add job,
                                     enqueue_options options);
    static awaitable<job_id> add_by_name(shared s, detail::to_add job, enqueue_options options);
    static awaitable<std::vector<job_id>> add(shared s, std::string queue, job_options defaults,
                                              std::vector<detail::to_add> jobs, enqueue_options options);
    static awaitable<std::vector<added_job>> store(const state& s, std::vector<new_job> jobs,
                                                   std::optional<std::chrono::milliseconds> wait_for_room);
    static awaitable<job_id> add_flow(shared s, std::vector<flow> one);
    static awaitable<void> add_children(shared s, child_of as, std::vector<flow> children);
    static awaitable<std::vector<job_id>> add_flows(shared s, std::vector<flow> flows, std::optional<child_of> as);
    static awaitable<std::optional<job_info>> find(shared s, job_key key);
    static awaitable<std::vector<cron_job>> cron_jobs(shared s);
    static awaitable<std::optional<cron_job>> find_cron(shared s, std::string name);
    static awaitable<bool> forget_cron(shared s, std::string name);
    static awaitable<std::optional<job_id>> add_run(shared s, schedule_key of);

    shared state_;
};

} // namespace infra::queue
