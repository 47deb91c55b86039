#pragma once

// A backend that does what a test says and remembers what it was asked, as lines of a transcript.

#include "support.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <deque>
#include <mutex>
#include <set>

namespace infra::queue::tests {

inline std::string_view to_string(outcome::kind k) {
    static constexpr std::string_view names[] = {"completed", "retry", "failed", "returned", "dropped", "waits"};
    return names[static_cast<std::size_t>(k)];
}

/// Threads: from any, for the tests that renew on a thread of their own.
class fake_backend final : public backend {
public:
    /// Makes a job ready to be claimed.
    void offer(claimed_job job) {
        const std::scoped_lock lock(mutex);
        ready.push_back(std::move(job));
    }

    awaitable<std::vector<added_job>> enqueue(std::vector<new_job> jobs) override {
        const std::scoped_lock lock(mutex);
        fail_if(enqueue_failure);
        std::vector<added_job> added;
        for (auto& each : jobs) {
            if (each.id.empty())
                each.id = std::to_string(stored.size() + 1);
            added.push_back({.id = each.id, .how = existing.contains(each.id) ? addition::existed : addition::created});
            stored.push_back(std::move(each));
        }
        co_return added;
    }

    awaitable<claim_result> claim(claim_request request) override {
        begin_claim(request);
        asio::steady_timer turn(co_await asio::this_coro::executor);
        auto taken = take(request);
        while (waits_on(request, taken)) {
            turn.expires_after(1ms);
            co_await turn.async_wait(asio::use_awaitable);
            taken = take(request);
        }
        co_return taken;
    }

    awaitable<void> leave(std::string) override {
        {
            const std::scoped_lock lock(mutex);
            ++departures;
        }
        if (is_locked)
            co_await asio::steady_timer(co_await asio::this_coro::executor, steady_time::max())
                .async_wait(asio::use_awaitable);
    }

    awaitable<std::vector<renewal>> extend(std::vector<lease> leases, std::chrono::milliseconds length,
                                           wall_time now) override {
        const std::scoped_lock lock(mutex);
        std::vector<renewal> held;
        for (const auto& each : leases) {
            lines.push_back("extend " + each.job.id);
            extended_until = now + length;
            held.push_back(lost.contains(each.job.id)        ? renewal::lost
                           : cancelled.contains(each.job.id) ? renewal::cancel_requested
                                                             : renewal::held);
        }
        extensions += leases.size();
        co_return held;
    }

    awaitable<std::vector<bool>> finish(std::vector<outcome> outcomes) override {
        const std::scoped_lock lock(mutex);
        on_finish();
        if (!finish_failures.empty()) {
            const auto why = finish_failures.front();
            finish_failures.pop_front();
            std::rethrow_exception(why);
        }
        std::vector<bool> held;
        for (auto& each : outcomes) {
            held.push_back(!lost.contains(each.held.job.id));
            lines.push_back(std::string(to_string(each.as)) + " " + each.held.job.id);
            finished.push_back(std::move(each));
        }
        co_return held;
    }

    awaitable<std::vector<std::optional<job_info>>> get(std::vector<job_key> keys) override {
        asked = keys;
        co_return std::vector<std::optional<job_info>>(keys.size());
    }
    awaitable<std::vector<queue_counts>> counts(std::vector<std::string>) override {
        co_return std::vector<queue_counts>();
    }
    awaitable<std::size_t> prune(std::vector<prune_request> requests) override {
        const std::scoped_lock lock(mutex);
        pruned.push_back(std::move(requests));
        co_return 0;
    }

    // What people do is none of its business.
    awaitable<queue_settings> configure(settings_change) override { return refused<queue_settings>(); }
    awaitable<queue_settings> settings(std::string) override { return refused<queue_settings>(); }
    awaitable<bool> forget_queue(std::string) override { return refused<bool>(); }
    awaitable<job_page> list(list_request) override { return refused<job_page>(); }
    awaitable<change_result> change(change_request) override { return refused<change_result>(); }
    awaitable<std::vector<bool>> tell(std::vector<note>) override { return refused<std::vector<bool>>(); }
    awaitable<std::vector<log_line>> logs(job_key) override { return refused<std::vector<log_line>>(); }
    awaitable<events_page> events(events_request) override { return refused<events_page>(); }
    awaitable<std::vector<minute_counts>> history(std::string, wall_time, wall_time) override {
        return refused<std::vector<minute_counts>>();
    }
    awaitable<std::vector<worker_info>> workers(std::vector<std::string>) override {
        return refused<std::vector<worker_info>>();
    }
    awaitable<std::vector<std::optional<wall_time>>> waiting_since(std::vector<std::string> queues,
                                                                   wall_time) override {
        co_return std::vector<std::optional<wall_time>>(queues.size());
    }
    awaitable<std::optional<job_info>> wait_for_end(job_key) override { return refused<std::optional<job_info>>(); }

    awaitable<void> upsert(std::vector<new_schedule>) override { return refused<void>(); }
    awaitable<std::vector<bool>> remove_schedules(std::vector<schedule_key>) override {
        return refused<std::vector<bool>>();
    }
    awaitable<std::vector<bool>> pause_schedules(std::vector<schedule_key>, wall_time) override {
        return refused<std::vector<bool>>();
    }
    awaitable<std::vector<bool>> resume_schedules(std::vector<resume_request>) override {
        return refused<std::vector<bool>>();
    }
    awaitable<std::vector<schedule_info>> schedules(std::optional<std::string>) override {
        co_return std::vector<schedule_info>();
    }
    awaitable<std::vector<bool>> advance(std::vector<advance_request>) override { return refused<std::vector<bool>>(); }
    awaitable<children_page> children(children_request) override { co_return children_page(); }

    awaitable<void> stop(deadline) override { co_return; }
    std::chrono::milliseconds usual_lease() const override { return lease_of_workers; }
    std::string description() const override { return "fake:"; }

    std::vector<std::string> transcript() {
        const std::scoped_lock lock(mutex);
        return lines;
    }
    std::size_t finished_count() {
        const std::scoped_lock lock(mutex);
        return finished.size();
    }
    std::mutex mutex;
    std::function<void()> on_finish = [] {}; // with the mutex, before anything is done
    std::deque<claimed_job> ready;
    std::deque<std::exception_ptr> claim_failures;
    std::deque<std::exception_ptr> finish_failures;
    std::exception_ptr enqueue_failure;
    std::set<std::string> lost;
    std::set<std::string> cancelled;
    std::set<std::string> existing;
    std::vector<job_key> rescued;
    std::optional<wall_time> next_due;
    std::chrono::milliseconds lease_of_workers{10'000};
    wall_time extended_until{};
    std::atomic<std::size_t> extensions{0};
    std::vector<std::string> lines;
    std::vector<claim_request> claims;
    std::vector<outcome> finished;
    std::vector<new_job> stored;
    std::vector<job_key> asked;
    std::vector<std::vector<prune_request>> pruned;
    int departures = 0;
    bool is_locked = false; // for those who leave

private:
    void begin_claim(const claim_request& request) {
        const std::scoped_lock lock(mutex);
        claims.push_back(request);
        if (claim_failures.empty())
            return;
        const auto why = claim_failures.front();
        claim_failures.pop_front();
        std::rethrow_exception(why);
    }
    claim_result take(const claim_request& request) {
        const std::scoped_lock lock(mutex);
        claim_result taken{.rescued = std::exchange(rescued, {}), .next_due = next_due};
        while (!ready.empty() && taken.jobs.size() < request.max) {
            taken.jobs.push_back(std::move(ready.front()));
            ready.pop_front();
        }
        if (!taken.jobs.empty())
            lines.push_back("claim " + std::to_string(request.max) + ": " + std::to_string(taken.jobs.size()));
        return taken;
    }
    template <class T>
    static awaitable<T> refused() {
        throw error(infra::errc::invalid_state, "a fake storage does not do that");
        co_return T();
    }
    static void fail_if(const std::exception_ptr& why) {
        if (why)
            std::rethrow_exception(why);
    }
};

inline std::exception_ptr unavailable(std::string sentence = "the disk is full") {
    return std::make_exception_ptr(error(errc::unavailable, std::move(sentence)));
}

} // namespace infra::queue::tests
