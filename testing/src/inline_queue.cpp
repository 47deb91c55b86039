#include <infra/testing/inline_queue.hpp>

#include <infra/base/context_executor.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <ostream>
#include <stdexcept>

namespace infra::testing {
namespace {

using queue::job_state;

std::string_view name_of(queue::outcome::kind ended) {
    static constexpr std::string_view names[] = {"completed", "will be retried", "failed",
                                                 "returned",  "dropped",         "waits for its children"};
    return names[static_cast<std::size_t>(ended)];
}

inline_queue_options checked(inline_queue_options options) {
    if (!options.jobs)
        throw std::invalid_argument("testing::inline_queue_options::jobs must not be null");
    if (options.max_runs < 1)
        throw std::invalid_argument("testing::inline_queue_options::max_runs must be at least 1");
    return options;
}

std::chrono::milliseconds delay_of(const queue::job_info& job) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(job.run_at.value_or(job.created_at) - job.created_at);
}

bool job_fits(const queue::job_info& job, const json::value& data, const expected_job& expected) {
    const auto payload = json::parse(job.data);
    return payload && *payload == data && (!expected.delay || *expected.delay == delay_of(job)) &&
           (!expected.priority || *expected.priority == job.options.priority) &&
           (!expected.id || *expected.id == job.id) && (!expected.queue || *expected.queue == job.queue);
}

std::string shown(const queue::job_info& job) {
    auto text = job.data + " (id " + job.id + ", queue " + job.queue + ", " + std::string(to_string(job.state));
    if (const auto delay = delay_of(job); delay.count() > 0)
        text.append(", delay ").append(std::to_string(delay.count())).append(" ms");
    if (job.options.priority != 0)
        text.append(", priority ").append(std::to_string(job.options.priority));
    return text.append(")");
}

error endless(const std::string& last, std::size_t max_runs) {
    return {errc::overloaded, "more than " + std::to_string(max_runs) +
                                  " runs in one call (inline_queue_options::max_runs); the last was of \"" + last +
                                  "\": does it always add another? Or snooze, or wait for children?"};
}

} // namespace

std::size_t job_runs::count(queue::outcome::kind ended) const {
    return static_cast<std::size_t>(std::ranges::count(all, ended, &job_run::ended));
}

std::ostream& operator<<(std::ostream& to, const job_runs& runs) {
    to << runs.all.size() << " attempts";
    for (const auto& [job, ended] : runs.all) {
        to << "\n  " << job.name << ' ' << job.data << ": " << name_of(ended);
        if (ended != queue::outcome::kind::completed && !job.failed_reason.empty())
            to << ": " << job.failed_reason;
    }
    return to;
}

/// A worker that lives for one call, on a loop that the call turns.
class inline_queue::turn {
public:
    turn(inline_queue& of, std::size_t& begun) : of_(of), begun_(begun) {
        of_.stored_->on_finish([this](const queue::job_info& job, queue::outcome::kind ended) {
            ++begun_;
            last_ = job.name;
            if (ended != queue::outcome::kind::returned && ended != queue::outcome::kind::waits)
                runs_.all.push_back({job, ended});
        });
        asio::co_spawn(ex_, worker_.run(), [this](std::exception_ptr why) {
            ended_ = true;
            failure_ = why;
        });
    }
    ~turn() { of_.stored_->on_finish(nullptr); }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    job_runs run() {
        try {
            run_due();
        } catch (...) {
            stop();
            throw;
        }
        stop();
        if (failure_)
            std::rethrow_exception(failure_);
        return std::move(runs_);
    }

private:
    void run_due() {
        while (!ended_) {
            if (begun_ > of_.options_.max_runs)
                throw endless(last_, of_.options_.max_runs);
            if (loop_.poll_one() > 0)
                continue;
            if (!of_.has_due())
                return;
            if (loop_.run_one_for(of_.options_.patience) == 0)
                throw_stuck();
        }
    }

    [[noreturn]] void throw_stuck() const {
        const auto active = of_.stored_->jobs([](const auto& job) { return job.state == job_state::active; });
        throw error(errc::timed_out,
                    "the job \"" + (active.empty() ? std::string() : active.front().name) + "\" has not ended within " +
                        std::to_string(of_.options_.patience.count()) +
                        " ms (inline_queue_options::patience); a handler that sleeps on the test's clock "
                        "waits for ever, since that stands still meanwhile");
    }

    // A handler that does not heed its cancellation is given up by the worker after a while of the clock that stands still.
    void stop() {
        worker_.stop();
        while (!ended_)
            if (loop_.poll_one() == 0)
                of_.time_.advance(std::chrono::seconds(1));
    }

    inline_queue& of_;
    std::size_t& begun_; // runs of the call, whatever they came to
    std::string last_;
    asio::io_context loop_{1};
    const executor ex_ = with_context(loop_.get_executor());
    queue::worker worker_{of_.jobs_,
                          {.concurrency = 1, .drain_timeout = std::chrono::milliseconds::zero(), .renewals = ex_}};
    job_runs runs_;
    bool ended_ = false;
    std::exception_ptr failure_;
};

inline_queue::inline_queue(inline_queue_options options)
    : options_(checked(std::move(options))), jobs_(stored_, options_.queue, options_.jobs, time_) {}

std::vector<queue::job_info> inline_queue::enqueued() const {
    return stored_->jobs([](const auto& job) {
        return job.state == job_state::waiting || job.state == job_state::delayed ||
               job.state == job_state::waiting_children;
    });
}

std::vector<queue::job_info> inline_queue::enqueued(std::string_view name) const {
    auto all = enqueued();
    std::erase_if(all, [name](const auto& job) { return job.name != name; });
    return all;
}

job_runs inline_queue::run_due() {
    std::size_t begun = 0;
    return turn(*this, begun).run();
}

job_runs inline_queue::run_all() {
    std::size_t begun = 0;
    auto runs = turn(*this, begun).run();
    while (const auto next = next_run(false))
        advance_to(*next, runs, begun);
    return runs;
}

job_runs inline_queue::run_for(std::chrono::milliseconds span) {
    const auto end = saturating_add(time_.wall(), span);
    std::size_t begun = 0;
    auto runs = turn(*this, begun).run();
    for (auto next = next_run(true); next && *next <= end; next = next_run(true))
        advance_to(*next, runs, begun);
    time_.advance(end - time_.wall());
    return runs;
}

void inline_queue::advance_to(wall_time when, job_runs& runs, std::size_t& begun) {
    time_.advance(when - time_.wall());
    auto more = turn(*this, begun).run();
    runs.all.insert(runs.all.end(), std::make_move_iterator(more.all.begin()), std::make_move_iterator(more.all.end()));
}

// A worker here would run it.
bool inline_queue::has_handler(const queue::job_info& job) const {
    const auto known = options_.jobs->find(job.name);
    return known && known->perform && std::ranges::count(options_.jobs->queues(), job.queue) > 0;
}

bool inline_queue::has_due() const {
    return !stored_
                ->jobs([this, now = time_.wall()](const auto& job) {
                    return !job.finished_at && job.state != job_state::waiting_children &&
                           job.run_at.value_or(now) <= now && has_handler(job);
                })
                .empty();
}

/// Empty if nothing is delayed but what is delayed for ever.
std::optional<wall_time> inline_queue::next_run(bool of_schedules) const {
    const auto delayed = stored_->jobs([&](const auto& job) {
        return job.state == job_state::delayed && *job.run_at != wall_time::max() && has_handler(job) &&
               (of_schedules || !queue::run_of(job.id));
    });
    const auto first = std::ranges::min_element(delayed, {}, &queue::job_info::run_at);
    return first == delayed.end() ? std::nullopt : first->run_at;
}

enqueued_check inline_queue::was_enqueued(std::string_view name, const json::value& data,
                                          const expected_job& expected) const {
    enqueued_check check;
    for (const auto& job : stored_->jobs([name](const auto& each) { return each.name == name; })) {
        check.found = check.found || job_fits(job, data, expected);
        check.seen.append("\n  ").append(shown(job));
    }
    return check;
}

std::ostream& operator<<(std::ostream& to, const enqueued_check& c) {
    return to << (c.seen.empty() ? "no job of that name was enqueued" : "enqueued were:" + c.seen);
}

} // namespace infra::testing
