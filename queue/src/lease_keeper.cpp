#include "lease_keeper.hpp"

#include "signal.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <future>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace infra::queue {

namespace {

// Renewed a third of its length before it ends, and soon enough that a job which another process cancelled hears of it.
constexpr std::chrono::milliseconds longest_pause{1000};

} // namespace

struct lease_keeper::state {
    explicit state(setting s) : with(std::move(s)) {}

    const setting with;
    std::mutex mutex;
    std::unordered_set<kept_lease> held; // guarded by mutex

    // The renewing executor only:
    bool stopping = false;
    bool ended = false;
    signal* asked = nullptr; // to look now; in the frame of renew(), and gone with it
    std::vector<promise<void>> told_of_end;
    std::promise<void> end;

    std::vector<kept_lease> all() {
        const std::scoped_lock lock(mutex);
        return {held.begin(), held.end()};
    }

    bool forget(const kept_lease& gone) {
        const std::scoped_lock lock(mutex);
        return held.erase(gone) > 0;
    }

    // Only a pause is cut short. A renewal is waited for: its answer will be delivered on this executor.
    void ask() {
        if (asked)
            asked->set();
    }

    void request_stop() {
        stopping = true;
        ask();
    }

    void set_ended() {
        ended = true;
        end.set_value();
        for (const auto& each : told_of_end)
            each.set_value();
    }
};

lease_keeper::lease_keeper(setting s) : state_(std::make_shared<state>(std::move(s))) {}

lease_keeper::~lease_keeper() {
    if (const auto ex = where())
        asio::post(*ex, [s = state_] { s->request_stop(); });
    if (!loop_)
        return;
    state_->end.get_future().wait();
    loop_->stop();
}

// Where renewal was started, if it was.
std::optional<executor> lease_keeper::where() const {
    return loop_ ? std::optional(loop_->get_executor()) : state_->with.where;
}

void lease_keeper::start() {
    if (!state_->with.where) {
        loop_ = std::make_unique<event_loop>("queue-leases");
        loop_->start();
    }
    asio::co_spawn(*where(), renew(state_), [s = state_](std::exception_ptr) { s->set_ended(); });
}

awaitable<void> lease_keeper::stop() {
    const promise<void> end(co_await asio::this_coro::executor);
    if (!where())
        co_return;
    asio::post(*where(), [s = state_, end] {
        if (s->ended)
            return end.set_value();
        s->told_of_end.push_back(end);
        s->request_stop();
    });
    co_await end.get();
}

void lease_keeper::keep(std::span<const kept_lease> held) {
    const std::scoped_lock lock(state_->mutex);
    state_->held.insert(held.begin(), held.end());
}

void lease_keeper::drop(std::span<const kept_lease> held) {
    const std::scoped_lock lock(state_->mutex);
    for (const auto& each : held)
        state_->held.erase(each);
}

void lease_keeper::look_now() {
    if (const auto ex = where())
        asio::post(*ex, [s = state_] { s->ask(); });
}

// A renewal that fails is tried again at the next turn. The leases are not given up meanwhile: while the storage refuses
// writes nobody else can take the jobs either, and the fence decides in the end.
awaitable<void> lease_keeper::renew(std::shared_ptr<state> s) {
    signal asked(co_await asio::this_coro::executor);
    s->asked = &asked;
    struct leaving {
        state& of;
        ~leaving() { of.asked = nullptr; }
    };
    const leaving when_done{*s};
    const auto pause = std::min(s->with.length / 3, longest_pause);
    bool troubled = false;
    while (!s->stopping) {
        co_await wait_for(asked, deadline::after(pause, s->with.time->steady()), *s->with.time);
        std::string trouble;
        try {
            co_await renew_once(s);
        } catch (const std::exception& e) {
            trouble = e.what();
        }
        if (!trouble.empty() && !troubled)
            telemetry::log(level::warn, "queue", "leases could not be renewed", {{"error", trouble}});
        troubled = !trouble.empty();
    }
}

awaitable<void> lease_keeper::renew_once(std::shared_ptr<state> s) {
    const auto held = s->all();
    if (held.empty())
        co_return;
    std::vector<lease> leases;
    leases.reserve(held.size());
    for (const auto& each : held)
        leases.push_back(*each);
    const auto kept = co_await s->with.stored->extend(std::move(leases), s->with.length, s->with.time->wall());
    for (std::size_t i = 0; i < held.size(); ++i)
        if (kept[i] == renewal::cancel_requested)
            s->with.on_cancel_requested(held[i]);
        else if (kept[i] == renewal::lost && s->forget(held[i])) // one that was finished meanwhile is not lost
            s->with.on_lost(held[i]);
}

} // namespace infra::queue
