#pragma once

/// Jobs that wait until a test says so, and then run at once.
///
///     infra::testing::inline_queue work;
///     queue::set_default_queue(work.jobs());                      // or hand work.jobs() to what is tested
///     sign_up("a@example.org");
///     const auto added = work.was_enqueued(send_welcome, {.email = "a@example.org"}, {.delay = 24h});
///     EXPECT_TRUE(added) << added;                                // and what was there instead
///     EXPECT_TRUE(work.run_due().all_completed());                // the first attempt, now
///     work.time().advance(24h);                                   // or run_all(), which does that by itself
///     EXPECT_TRUE(work.run_due().all_completed());
///
/// An ordinary worker runs them, so that payloads, retries and results are what they are in production; only the storage
/// is memory and the clock stands still. Nothing sleeps, and no thread is left behind.

#include <infra/base/clock.hpp>
#include <infra/queue.hpp>
#include <infra/queue/memory.hpp>

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace infra::testing {

/// One attempt that ended. That a job goes back to wait for its children is none.
struct job_run {
    queue::job_info job{}; ///< as it was then
    queue::outcome::kind ended = queue::outcome::kind::completed;
};

/// The attempts of one call, in the order in which they ended.
struct job_runs {
    std::vector<job_run> all{};

    std::size_t count(queue::outcome::kind ended) const;
    std::size_t completed() const { return count(queue::outcome::kind::completed); }
    std::size_t retried() const { return count(queue::outcome::kind::retry); }
    std::size_t failed() const { return count(queue::outcome::kind::failed); }

    /// No attempt failed. Also true of none at all.
    bool all_completed() const { return completed() == all.size(); }

    /// For GoogleTest's messages: a line for each, with the reason where there is one.
    friend std::ostream& operator<<(std::ostream& to, const job_runs& runs);
};

/// What a test expects of a job beside its payload; what is left out may be anything.
struct expected_job {
    std::optional<std::chrono::milliseconds> delay{}; ///< of one that waits for it still
    std::optional<int> priority{};
    std::optional<std::string> id{};
    std::optional<std::string> queue{};
};

/// The answer to was_enqueued; it prints the jobs of that name that there were.
struct enqueued_check {
    bool found = false;
    std::string seen{};

    explicit operator bool() const noexcept { return found; }
    friend std::ostream& operator<<(std::ostream& to, const enqueued_check& c);
};

struct inline_queue_options {
    /// Which jobs there are; by default those of queue::define_job.
    std::shared_ptr<queue::registry> jobs = queue::default_registry();
    queue::queue_options queue{};

    /// A call that runs more throws, whatever the runs come to: likely a job that always adds another, snoozes or waits. At
    /// least 1.
    std::size_t max_runs = 10'000;

    /// In real time: a call throws when nothing happens for so long, likely since a handler waits for the test's own clock.
    std::chrono::milliseconds patience{10'000};
};

/// Threads:  jobs() from any thread; the rest from the test's, outside of loops. Coroutine handlers run on the thread that
///           calls run_…, one after the other; plain functions on a thread that goes with the call.
/// Errors:   what a handler throws is in job_runs. run_… throws errc::overloaded after max_runs, and errc::timed_out after
///           `patience`, naming the job; what it began is given back.
/// Lifetime: must outlive whoever uses jobs() or time().
class inline_queue {
public:
    explicit inline_queue(inline_queue_options options = {});

    const queue::queue& jobs() const noexcept { return jobs_; }
    manual_clock& time() noexcept { return time_; }

    /// What waits to run, now or later, in the order in which it was added; of all jobs, or of one.
    std::vector<queue::job_info> enqueued() const;
    std::vector<queue::job_info> enqueued(std::string_view name) const;

    /// The payloads alone. Throws json::invalid for one that does not fit.
    template <class T>
    std::vector<T> enqueued(const queue::job<T>& of) const {
        std::vector<T> payloads;
        for (const auto& each : enqueued(of.name()))
            payloads.push_back(json::parse<T>(each.data).value());
        return payloads;
    }

    /// Whether a job with this payload was added, whatever has become of it since (while it is remembered).
    template <class T>
    enqueued_check was_enqueued(const queue::job<T>& of, const std::type_identity_t<T>& data,
                                const expected_job& expected = {}) const {
        return was_enqueued(of.name(), json::to_value(data), expected);
    }
    enqueued_check was_enqueued(std::string_view name, const json::value& data,
                                const expected_job& expected = {}) const;

    /// Runs what is due, also what becomes due by that, until nothing is: children, then the job that waits for them. Jobs
    /// without a handler stay, and so do those that wait for them.
    job_runs run_due();

    /// Runs what is due, moves the clock to the next delay or retry, and so on until nothing waits. Schedules run only as
    /// far as the clock gets by that: they never end.
    job_runs run_all();

    /// Runs what comes due within so long, each at its time, schedules too; the clock is so much later afterwards.
    job_runs run_for(std::chrono::milliseconds span);

private:
    class turn;
    bool has_handler(const queue::job_info& job) const;
    bool has_due() const;
    std::optional<wall_time> next_run(bool of_schedules) const;
    void advance_to(wall_time when, job_runs& runs, std::size_t& begun);

    const inline_queue_options options_;
    manual_clock time_;
    const std::shared_ptr<queue::memory_backend> stored_ = std::make_shared<queue::memory_backend>();
    const queue::queue jobs_;
};

} // namespace infra::testing
