#pragma once

/// The jobs a process knows by name.
///
///     auto jobs = std::make_shared<infra::queue::registry>();
///     auto resize = jobs->define<picture>({.name = "resize", .handler = resize_picture});

#include <infra/queue/error.hpp>
#include <infra/queue/job.hpp>
#include <infra/queue/schedule.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue {

/// A definition without its payload's type.
struct known_job {
    std::string name{};
    std::string queue{};
    job_options options{};

    /// What keeps `data` from being this job's payload; empty if nothing.
    std::function<std::optional<json::failure>(const json::value& data)> misfit{};

    retry_rules rules{};

    /// When it runs by itself; unset for jobs that only enqueue brings.
    std::optional<schedule> when{};

    /// Runs the handler. Empty if this process has no handler. Throws infra::error with
    /// errc::invalid_payload, at once, if the data does not fit.
    std::function<awaitable<verdict>(std::string data, std::shared_ptr<job_context>, blocking_pool&)> perform{};
};

namespace detail {

/// `the payload does not fit the job "resize": /width: expected an integer, got a string`
error misfit_error(std::string_view job, const json::failure& why);

/// Arrays and objects inside each other: what enqueue takes, and so what can be read again when the job runs.
inline constexpr std::size_t max_payload_depth = 256;

/// Stored JSON was accepted when it came, by another process perhaps; only its depth is limited again.
json::limits limits_of_stored(std::string_view text) noexcept;

template <class T>
awaitable<verdict> perform(job<T> defined, std::string data, std::shared_ptr<job_context> context,
                           blocking_pool& pool) {
    auto payload = json::parse<T>(data, limits_of_stored(data));
    if (!payload)
        throw misfit_error(defined.name(), payload.error());
    co_return co_await defined.definition().handler(std::move(*payload), std::move(context), pool);
}

template <class T>
job_options options_of(const job_definition<T>& d) {
    return {.attempts = d.attempts,
            .backoff = d.backoff,
            .timeout = d.timeout,
            .priority = d.priority,
            .ttl = d.ttl,
            .keep_completed = d.keep_completed,
            .keep_failed = d.keep_failed};
}

} // namespace detail

/// Names a job that runs by itself, at the times of a pattern or again and again.
struct cron_definition {
    std::string name{};                 ///< of the job and of its schedule; 1 to 100 bytes, see check_name
    std::string pattern{};              ///< `0 6 * * *`, with seconds in front if six fields; see cron.hpp. Or instead:
    std::chrono::milliseconds every{0}; ///< from one run to the next
    std::string tz{};                   ///< whose clocks the pattern goes by, `Europe/Berlin`; empty: UTC
    job_handler<no_data> handler{};     ///< takes nothing, or job_context&
    missed_runs missed = missed_runs::one;              ///< what becomes of runs that nobody was there for
    std::optional<std::chrono::milliseconds> offset{};  ///< of `every`: past its multiples, see schedule
    bool immediately = false;                           ///< a first run at once
    std::optional<std::size_t> limit{};                 ///< so many runs
    std::optional<wall_time> start{};                   ///< no run before
    std::optional<wall_time> end{};                     ///< no run later
    int attempts = 1;                                   ///< of each run; 1 … 1'000'000
    infra::backoff backoff{};                           ///< between attempts
    std::optional<std::chrono::milliseconds> timeout{}; ///< of one attempt; unset: none
    std::string queue{};                                ///< empty: a queue of its own, named like it
    keep keep_completed{.count = 1000};                 ///< records of runs that were done
    keep keep_failed{.count = 5000};                    ///< records of runs that failed for good
};

/// Threads:  any member from any thread; a worker notices a job that is defined while it runs.
/// Errors:   std::invalid_argument names a bad field, or a name that is defined already.
class registry {
public:
    /// Without T the payload is a json::value.
    template <class T = json::value>
    job<T> define(job_definition<T> definition, std::optional<schedule> when = {}) {
        job<T> made(std::move(definition));
        known_job known{.name = made.name(),
                        .queue = made.queue(),
                        .options = detail::options_of(made.definition()),
                        .rules = {made.definition().retry_if, made.definition().backoff_by}};
        known.when = std::move(when);
        known.misfit = [](const json::value& data) -> std::optional<json::failure> {
            const auto read = json::from_value<T>(data);
            return read ? std::nullopt : std::optional(read.error());
        };
        if (made.definition().handler)
            known.perform = [made](std::string data, std::shared_ptr<job_context> context, blocking_pool& pool) {
                return detail::perform<T>(made, std::move(data), std::move(context), pool);
            };
        add(std::move(known));
        return made;
    }

    /// Throws also for a pattern, zone or limit that is wrong, naming it.
    void define_cron(cron_definition definition);

    /// Runs jobs of any name that has no handler here: for programs that pass jobs on, to commands or to other systems.
    /// Their workers say which queues. It is called on the worker's executor with the payload's JSON text as it is stored.
    using passer = std::function<awaitable<verdict>(std::string data, std::shared_ptr<job_context> context)>;
    void define_others(passer run);

    /// Null if nothing of that name is defined.
    std::shared_ptr<const known_job> find(std::string_view name) const;

    /// What a worker here makes of jobs of that name: their definition, if it has a handler, or what define_others() said.
    /// Null if nothing.
    std::shared_ptr<const known_job> runner_of(std::string_view name) const;

    /// The queues of all jobs that have a handler, each once, by name.
    std::vector<std::string> queues() const;

    /// Grows whenever a definition comes or goes.
    std::uint64_t revision() const;

    /// Every definition, by name.
    std::vector<std::shared_ptr<const known_job>> all() const;

    /// Forgets the definitions that run by a schedule; how many it were. What is stored of them stays.
    std::size_t clear_cron_jobs();

    /// Forgets one of them; false if it is not there.
    bool remove_cron_job(std::string_view name);

    /// Forgets every definition, for tests. Handles stay valid; jobs that are stored stay too.
    void clear();

private:
    void add(known_job known);

    mutable std::mutex mutex_;
    std::uint64_t revision_ = 0;                                                // guarded by mutex_
    std::map<std::string, std::shared_ptr<const known_job>, std::less<>> jobs_; // guarded by mutex_
    std::shared_ptr<const known_job> others_;                                   // guarded by mutex_
};

} // namespace infra::queue
