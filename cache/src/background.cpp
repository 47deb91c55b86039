#include "background.hpp"

#include "stop_signal.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace infra::cache {
namespace {

constexpr std::chrono::milliseconds heed_within{1000}; // for those that heed their cancellation

} // namespace

bool background::spawn(const executor& ex, awaitable<void> job) {
    auto started = std::make_shared<running_job>(ex);
    auto listed = std::make_shared<entry>();
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->stopped || state_->jobs.size() >= state_->max)
            return false;
        listed->place = state_->jobs.insert(state_->jobs.end(), started);
        listed->of = state_;
    }
    // Kept to the very end: Asio touches the slot once more when the coroutine is over and off the list.
    auto ended = [started](const std::exception_ptr&) {};
    asio::co_spawn(ex, run(std::move(listed), std::move(job)),
                   asio::bind_cancellation_slot(started->cancel.slot(), std::move(ended)));
    return true;
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

void background::cancel() {
    const std::scoped_lock lock(state_->mutex);
    state_->stopped = true;
    for (const auto& each : state_->jobs)
        each->gate->pass(
            [&each] { asio::post(each->ex, [held = each] { held->cancel.emit(asio::cancellation_type::terminal); }); });
}

std::size_t background::running() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->jobs.size();
}

} // namespace infra::cache
