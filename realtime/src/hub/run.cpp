#include "hub_state.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace infra::realtime::detail {
namespace {

constexpr std::chrono::seconds tick(1);
constexpr std::size_t parts_a_tick = channels::parts() / 8; // each channel is looked at every eight seconds

/// Ends the broker's run, which goes on beside, when the hub's is over.
struct is_over : std::exception {};

awaitable<void> tick_until_over(std::weak_ptr<hub_state> of, std::shared_ptr<life> living, clock& time) {
    const auto ex = co_await asio::this_coro::executor;
    const auto over = living->over.listener(ex);
    for (std::size_t turn = 0; !co_await told_within(over, deadline::after(tick, time.steady()), time); ++turn)
        if (const auto hub = of.lock())
            hub->do_chores(turn);
    throw is_over();
}

awaitable<void> run_beside(std::weak_ptr<hub_state> of, std::shared_ptr<life> living, clock& time,
                           std::shared_ptr<broker> with, std::vector<channel_rule> rules) {
    using namespace asio::experimental::awaitable_operators;
    const auto listener = make_listener(of);
    co_await (tick_until_over(of, living, time) && with->run(*listener, rules));
}

struct at_the_end {
    life& of;
    ~at_the_end() { of.ended.set(); }
};

} // namespace

awaitable<void> hub_state::run(std::weak_ptr<hub_state> weak, std::shared_ptr<life> living) {
    auto hub = weak.lock();
    if (!hub)
        co_return;
    {
        const std::scoped_lock lock(living->mutex);
        if (living->stopping.is_set())
            co_return;
        if (std::exchange(living->running, true))
            throw error(infra::errc::invalid_state, "realtime::hub::run() was called twice");
    }
    const at_the_end told{*living};
    const auto with = hub->options.broker;
    const auto rules = hub->options.channels;
    auto& time = hub->time();
    hub.reset();
    try {
        if (with)
            co_await run_beside(weak, living, time, with, rules);
        else
            co_await tick_until_over(weak, living, time);
    } catch (const is_over&) {
    }
}

void hub_state::do_chores(std::size_t turn) {
    ends.sweep(now());
    if (members)
        members->tick();
    for (std::size_t i = 0; i < parts_a_tick; ++i)
        rooms.expire_part((turn * parts_a_tick + i) % channels::parts(), now());
}

awaitable<void> hub_state::stop(std::shared_ptr<hub_state> hub, deadline limit) {
    const auto living = hub->living;
    bool was_running = false;
    {
        const std::scoped_lock lock(living->mutex);
        living->stopping.set();
        was_running = living->running;
    }
    hub->close_all(close_code::shutdown);
    if (const auto& with = hub->options.broker)
        try {
            co_await with->stop(limit);
        } catch (const error& e) {
            telemetry::log(level::warn, "realtime", "the broker was not stopped in good order",
                           {{"hub", hub->options.name}, {"error", std::string(e.what())}});
        }
    living->over.set();
    if (!was_running)
        co_return;
    const auto ended = living->ended.listener(co_await asio::this_coro::executor);
    co_await with_deadline(ended.get(), limit, hub->time());
}

} // namespace infra::realtime::detail
