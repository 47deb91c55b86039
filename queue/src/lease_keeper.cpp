#include "lease_keeper.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <future>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::queue {

struct lease_keeper::state {
    explicit state(setting s) : with(std::move(s)) {}

    const setting with;
    std::mutex mutex;
    std::unordered_map<std::string, lease> held; // by token; guarded by mutex

    // The renewing executor only:
    bool stopping = false;
    bool sleeping = false;
    bool ended = false;
    asio::cancellation_signal wake;
    std::vector<promise<void>> told_of_end;
    std::promise<void> end;

    std::vector<lease> all() {
        const std::scoped_lock lock(mutex);
        std::vector<lease> leases;
        leases.reserve(held.size());
        for (const auto& [token, each] : held)
            leases.push_back(each);
        return leases;
    }

    bool forget(const lease& gone) {
        const std::scoped_lock lock(mutex);
        return held.erase(gone.token) > 0;
    }

    // Only a sleep is cut short. A renewal is waited for: its answer will be delivered on this executor.
    void request_stop() {
        stopping = true;
        if (sleeping)
            wake.emit(asio::cancellation_type::terminal);
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
    asio::co_spawn(
        *where(), renew(state_),
        asio::bind_cancellation_slot(state_->wake.slot(), [s = state_](std::exception_ptr) { s->set_ended(); }));
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

void lease_keeper::keep(const lease& held) {
    const std::scoped_lock lock(state_->mutex);
    state_->held.insert_or_assign(held.token, held);
}

void lease_keeper::drop(const lease& held) {
    const std::scoped_lock lock(state_->mutex);
    state_->held.erase(held.token);
}

// A renewal that fails is tried again at the next turn. The leases are not given up meanwhile: while the storage refuses
// writes nobody else can take the jobs either, and the fence decides in the end.
awaitable<void> lease_keeper::renew(std::shared_ptr<state> s) {
    bool troubled = false;
    while (!s->stopping) {
        s->sleeping = true;
        co_await s->with.time->sleep_for(s->with.length / 3);
        s->sleeping = false;
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
    const auto leases = s->all();
    if (leases.empty())
        co_return;
    const auto kept = co_await s->with.stored->extend(leases, saturating_add(s->with.time->wall(), s->with.length));
    for (std::size_t i = 0; i < leases.size(); ++i)
        if (kept[i] == renewal::cancel_requested)
            s->with.on_cancel_requested(leases[i]);
        else if (kept[i] == renewal::lost && s->forget(leases[i])) // one that was finished meanwhile is not lost
            s->with.on_lost(leases[i]);
}

} // namespace infra::queue
