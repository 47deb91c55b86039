#pragma once

/// Background jobs, at least once, kept on disk until they are done.
///
///     auto send_welcome = infra::queue::define_job<welcome_email>({
///         .name = "send-welcome-email",
///         .handler = [](welcome_email data) -> infra::awaitable<void> { … },
///         .attempts = 5, .backoff = infra::queue::exponential(1s)});
///     co_await infra::queue::enqueue(send_welcome, {.user_id = id, .email = email}, {.delay = 5s});
///     auto worker = infra::queue::create_queue_worker({.concurrency = 10});
///     co_await worker.run();
///
/// These functions speak to one queue of the process, made at first use from the environment: QUEUE_URL names where it
/// is kept, otherwise REDIS_URL (link infra::queue_redis; refused where that is not linked), otherwise it is
/// `sqlite:var/queue.db` (link infra::queue_sqlite). Programs that hold their objects themselves use queue::queue and queue::worker, which these
/// wrap line by line.

#include <infra/queue/backend.hpp>
#include <infra/queue/error.hpp>
#include <infra/queue/flow.hpp>
#include <infra/queue/job.hpp>
#include <infra/queue/options.hpp>
#include <infra/queue/queue.hpp>
#include <infra/queue/registry.hpp>
#include <infra/queue/worker.hpp>
#include <infra/runtime/environment.hpp>

namespace infra::queue {

/// The jobs that define_job() defines.
const std::shared_ptr<registry>& default_registry();

/// The queue that these functions speak to. Throws infra::error with infra::errc::misconfigured when QUEUE_URL is not
/// understood, or REDIS_URL asks for what is not there; the storage itself is opened by the first operation.
queue default_queue();

/// Replaces it, for calls that begin afterwards.
void set_default_queue(queue instead);

/// Where the environment wants jobs kept. Throws as default_queue().
std::string url_from(const environment& variables);

/// The queue that is kept there, with the jobs of default_registry(). Throws as default_queue().
queue queue_from(const environment& variables);

/// Defines a job by name, in default_registry(). Without T its payload is a json::value.
template <class T = json::value>
job<T> define_job(job_definition<T> definition) {
    return default_registry()->define<T>(std::move(definition));
}

/// Adds a job; durable when the id is there.
template <class T>
[[nodiscard]] awaitable<job_id> enqueue(const job<T>& to, const std::type_identity_t<T>& data,
                                        enqueue_options options = {}) {
    return default_queue().enqueue(to, data, std::move(options));
}

/// The same by name: a braced object, a json::value, or any described struct.
template <class T = json::value>
[[nodiscard]] awaitable<job_id> enqueue(std::string_view name, const T& data, enqueue_options options = {}) {
    return default_queue().enqueue(name, data, std::move(options));
}

/// Adds all or none, in one transaction.
template <class T>
[[nodiscard]] awaitable<std::vector<job_id>>
enqueue_bulk(const job<T>& to, const std::vector<std::type_identity_t<T>>& data, enqueue_options options = {}) {
    return default_queue().enqueue_bulk(to, data, std::move(options));
}

/// Adds all of a flow or nothing, in one transaction; the id of its first job, which runs last.
[[nodiscard]] inline awaitable<job_id> enqueue_flow(flow what) { return default_queue().enqueue_flow(std::move(what)); }

/// Adds children of a job from its own run, which then says verdict::wait_for_children().
[[nodiscard]] inline awaitable<void> enqueue_children(const job_context& of, std::vector<flow> children,
                                                      child_failure on_failure = child_failure::fail_parent) {
    return default_queue().enqueue_children(of, std::move(children), on_failure);
}

/// Defines a job that runs by itself, in default_registry(); a worker takes it up.
inline void define_cron(cron_definition definition) { default_registry()->define_cron(std::move(definition)); }

/// The schedules that are stored and those that are only defined here, by queue and name.
[[nodiscard]] inline awaitable<std::vector<cron_job>> get_cron_jobs() { return default_queue().get_cron_jobs(); }
[[nodiscard]] inline awaitable<std::optional<cron_job>> get_cron_job(std::string name) {
    return default_queue().get_cron_job(std::move(name));
}

/// Forgets this process's definitions that run by a schedule; how many it were. Other processes run theirs on; what none
/// defines any more is shown as orphaned.
inline std::size_t clear_cron_jobs() { return default_registry()->clear_cron_jobs(); }

/// Forgets the definition and what is stored of it; false if there was neither.
[[nodiscard]] inline awaitable<bool> remove_cron(std::string name) {
    return default_queue().remove_cron(std::move(name));
}

/// What is remembered about a job; empty if nothing is.
[[nodiscard]] inline awaitable<std::optional<job_info>> find_job(job_id id) {
    return default_queue().find_job(std::move(id));
}

/// Of the queues named; of all when none is named.
[[nodiscard]] inline awaitable<std::vector<queue_counts>> counts(std::vector<std::string> queues = {}) {
    return default_queue().counts(std::move(queues));
}

// --- What people do, see queue/control.hpp; `default_queue()` has the rest of it ------------------------------------

[[nodiscard]] inline awaitable<queue_settings> pause(std::string queue) {
    return default_queue().pause(std::move(queue));
}
[[nodiscard]] inline awaitable<queue_settings> resume(std::string queue) {
    return default_queue().resume(std::move(queue));
}
[[nodiscard]] inline awaitable<job_page> list_jobs(job_filter filter, std::size_t max = 100, std::string cursor = {}) {
    return default_queue().list(std::move(filter), max, std::move(cursor));
}
[[nodiscard]] inline awaitable<bool> retry_job(job_id id) { return default_queue().retry(std::move(id)); }
[[nodiscard]] inline awaitable<bool> promote_job(job_id id) { return default_queue().promote(std::move(id)); }
[[nodiscard]] inline awaitable<bool> cancel_job(job_id id) { return default_queue().cancel(std::move(id)); }
[[nodiscard]] inline awaitable<bool> remove_job(job_id id) { return default_queue().remove(std::move(id)); }
[[nodiscard]] inline awaitable<std::size_t> retry_all(job_filter which) {
    return default_queue().retry_all(std::move(which));
}
[[nodiscard]] inline awaitable<job_info> wait_for_job(job_id id, deadline limit) {
    return default_queue().wait_for(std::move(id), limit);
}
template <class T = json::value>
[[nodiscard]] awaitable<T> wait_for_result(job_id id, deadline limit) {
    return default_queue().template wait_for_result<T>(std::move(id), limit);
}

/// A worker for every defined job.
[[nodiscard]] inline worker create_queue_worker(worker_options options = {}) {
    return worker(default_queue(), std::move(options));
}

} // namespace infra::queue
