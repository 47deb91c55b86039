#include "background.hpp"

#include <infra/runtime/event.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace infra::cache {
namespace {

constexpr std::chrono::milliseconds heed_within{1000}; // for those that heed their cancellation

} // namespace

bool background::spawn(const executor& ex, awaitable<void> job) {
    const auto started = std::make_shared<running_job>(home(ex));
    auto listed = list(started);
    if (!listed)
        return false;
    begin(started, std::move(listed), std::move(job));
    return true;
}

bool background::spawn_at(const home& there, awaitable<void> job) {
    const auto started = std::make_shared<running_job>(there);
    auto listed = list(started);
    if (!listed)
        return false;
    there.gate->pass([&] {
        asio::post(there.ex, [started, listed = std::move(listed), job = std::move(job)]() mutable {
            begin(started, std::move(listed), std::move(job));
        });
    });
    return true;
}

// Null where it may not begin.
std::shared_ptr<background::entry> background::list(const std::shared_ptr<running_job>& job) {
    auto listed = std::make_shared<entry>();
    const std::scoped_lock lock(state_->mutex);
    if (state_->stopped || state_->jobs.size() >= state_->max)
        return nullptr;
    listed->place = state_->jobs.insert(state_->jobs.end(), job);
    listed->of = state_;
    return listed;
}

// On its loop.
void background::begin(const std::shared_ptr<running_job>& started, std::shared_ptr<entry> listed,
                       awaitable<void> job) {
    if (started->cancelled)
        return;
    // Kept to the very end: Asio touches the slot once more when the coroutine is over and off the list.
    auto ended = [started](const std::exception_ptr&) {};
    asio::co_spawn(started->on.ex, run(std::move(listed), std::move(job)),
                   asio::bind_cancellation_slot(started->cancel.slot(), std::move(ended)));
}

awaitable<void> background::run(std::shared_ptr<entry> listed, awaitable<void> job) {
    co_await std::move(job);
    listed.reset();
}

background::entry::~entry() {
    if (!of)
        return;
    const std::scoped_lock lock(of->mutex);
    of->jobs.erase(place);
    if (!of->jobs.empty())
        return;
    for (const auto& each : of->waiting)
        each.set_value();
    of->waiting.clear();
}

awaitable<void> background::stop(deadline limit, clock& time) {
    const promise<void> ended(co_await asio::this_coro::executor);
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopped = true;
        if (state_->jobs.empty())
            co_return;
        state_->waiting.push_back(ended);
    }
    if (co_await told_within(ended, limit, time))
        co_return;
    cancel();
    co_await told_within(ended, deadline::after(heed_within, time.steady()), time);
}

// Told without the lock: a job that cannot be sent to its loop leaves the list under that loop's gate.
void background::cancel() {
    std::vector<std::shared_ptr<running_job>> all;
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopped = true;
        all.assign(state_->jobs.begin(), state_->jobs.end());
    }
    for (const auto& each : all)
        each->on.gate->pass([&each] {
            asio::post(each->on.ex, [held = each] {
                held->cancelled = true;
                held->cancel.emit(asio::cancellation_type::terminal);
            });
        });
}

std::size_t background::running() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->jobs.size();
}

} // namespace infra::cache
