#include "worker_run.hpp"

#include "instruments.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace infra::queue {
namespace {

constexpr auto longest_sleep = std::chrono::seconds(5); // so that a wall clock that jumps is noticed
constexpr auto prune_interval = std::chrono::minutes(1);
constexpr auto backlog_interval = std::chrono::seconds(15);

// Who holds a job, for people: host, process, and lot, since processes of containers often have the same number.
std::string make_identity() {
    char host[64] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    return std::string(host) + ":" + std::to_string(getpid()) + ":" + random_hex(4);
}

} // namespace

bool is_fatal(const std::exception_ptr& thrown) {
    const auto code = code_of(thrown);
    return code == errc::corrupt || code == errc::incompatible || code == infra::errc::closed;
}

worker_run::worker_run(executor ex, queue jobs, worker_options options, std::shared_ptr<blocking_pool> pool)
    : ex_(ex),
      jobs_(std::move(jobs)),
      options_(std::move(options)),
      stored_(jobs_.stored()),
      pool_(std::move(pool)),
      time_(jobs_.time()),
      lease_(options_.lease.value_or(stored_->usual_lease())),
      identity_(make_identity()),
      keeper_({.stored = stored_,
               .time = &time_,
               .length = lease_,
               .where = options_.renewals,
               .on_lost = on_loop(&worker_run::lost),
               .on_cancel_requested = on_loop(&worker_run::cancel_requested)}),
      most_ahead_(options_.max_stalls > 0 ? options_.ahead : 0),
      jumps_(lease_),
      changed_(ex),
      hurry_(ex),
      next_prune_(time_.steady()),
      next_look_at_schedules_(time_.steady()),
      next_look_at_backlog_(time_.steady()) {
    active_.reserve(options_.concurrency);
    left_.reserve(options_.concurrency + most_ahead_);
}

std::function<void(const kept_lease&)> worker_run::on_loop(void (worker_run::*told)(const kept_lease&)) {
    return [this, told](const kept_lease& of) {
        asio::post(ex_, [me = weak_from_this(), told, of] {
            if (const auto self = me.lock())
                ((*self).*told)(of);
        });
    };
}

awaitable<void> worker_run::live() {
    keeper_.start();
    bell_.emplace(*stored_, [this] { keeper_.look_now(); });
    std::exception_ptr failure;
    try {
        co_await work();
    } catch (...) {
        failure = std::current_exception();
        stop(deadline::after(options_.drain_timeout, time_.steady()));
    }
    co_await drain();
    bell_.reset();
    co_await keeper_.stop();
    if (failure)
        std::rethrow_exception(failure);
}

// --- work ---------------------------------------------------------------------------------------------------------

awaitable<void> worker_run::work() {
    while (!limit_) {
        if (hopeless_)
            std::rethrow_exception(hopeless_);
        if (time_.steady() >= no_claim_before_)
            give_back_what_was_left();
        co_await prune_if_due();
        co_await keep_schedules_if_due();
        co_await report_backlog_if_due();
        if (passed(end_of_wait_ahead()))
            co_await give_back_late();
        if (const auto size = size_of_next_claim(); size.all() > 0)
            start_claim(size);
        else if (!limit_)
            co_await wait_until(end_of_wait());
    }
}

std::vector<std::string> worker_run::queues() const {
    return options_.queues.empty() ? jobs_.jobs()->queues() : options_.queues;
}

// Whatever it waits for, it prunes and keeps schedules meanwhile.
deadline worker_run::end_of_wait() const {
    const auto now = time_.steady();
    const auto end =
        std::min({saturating_add(now, longest_sleep), next_prune_, next_look_at_schedules_, end_of_wait_ahead()});
    return now < no_claim_before_ ? std::min(end, no_claim_before_) : end;
}

awaitable<void> worker_run::prune_if_due() {
    if (time_.steady() < next_prune_)
        co_return;
    next_prune_ = saturating_add(time_.steady(), prune_interval);
    auto requests = to_prune(jobs_.jobs()->all(), time_.wall());
    if (requests.empty())
        co_return;
    std::exception_ptr thrown;
    try {
        co_await stored_->prune(std::move(requests));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown)
        co_await pause_after("prune", thrown);
}

// For the metrics. It wakes up for something else in time.
awaitable<void> worker_run::report_backlog_if_due() {
    if (time_.steady() < next_look_at_backlog_)
        co_return;
    next_look_at_backlog_ = saturating_add(time_.steady(), backlog_interval);
    std::exception_ptr thrown;
    try {
        if (auto named = queues(); !named.empty())
            co_await jobs_.backlogs(std::move(named));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown) // claims go on, and say what is wrong with the storage
        telemetry::log(level::debug, "queue", "the worker could not look at what waits", {{"error", describe(thrown)}});
}

// --- trouble with the storage -------------------------------------------------------------------------------------

/// Says so once, until it works again; how long to wait before the next try.
std::chrono::milliseconds worker_run::note_trouble(const char* doing, std::exception_ptr thrown) {
    if (failures_++ == 0)
        telemetry::log(level::error, "queue", "the worker goes on trying: its storage refused",
                       {{"to", doing}, {"error", describe(thrown)}});
    return pause_after_trouble(failures_, random_01());
}

void worker_run::note_success() {
    if (std::exchange(failures_, 0) > 0)
        telemetry::log(level::info, "queue", "the storage works again", {});
}

awaitable<void> worker_run::pause_after(const char* doing, std::exception_ptr thrown) {
    if (is_fatal(thrown))
        std::rethrow_exception(thrown);
    const deadline end = saturating_add(time_.steady(), note_trouble(doing, thrown));
    while (!limit_ && !passed(end))
        co_await wait_until(end);
}

} // namespace infra::queue
