#include "control.hpp"

#include "scripts.hpp"
#include "wire.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>

#include <utility>
#include <vector>

namespace infra::realtime::over_redis {
namespace {

constexpr int most_kept = 1'000;

} // namespace

redis::command control::say(const disconnection& what) const {
    const auto kept_for = std::chrono::milliseconds(disconnections_kept).count();
    return scripts::say_to_all
        .call({on_.called.disconnections()}, {text_of(what), on_.called.control(), kept_for, most_kept})
        .again(redis::replay::idempotent);
}

void control::hear(std::string_view text) {
    if (auto said = read_control(text))
        on_.to->disconnect(std::move(*said));
}

void control::doubt() {
    doubts_ = true;
    bell_.ring();
}

// What was said before this node was there is not for it.
awaitable<void> control::find_place() {
    while (read_to_.empty() && !co_await read())
        co_await on_.time.sleep_for(between_attempts);
}

awaitable<void> control::read_on() {
    while (true) {
        if (on_.up && doubts_)
            doubts_ = !co_await read();
        const auto pause = doubts_ ? std::chrono::milliseconds(between_attempts) : on_.options.check_every;
        co_await bell_.wait(deadline::after(pause, on_.time.steady()), on_.time);
        doubts_ = true;
    }
}

// What it has heard already comes again, and is known by its id.
awaitable<bool> control::read() {
    const auto asked =
        scripts::said_to_all
            .call({on_.called.disconnections()}, {read_to_, std::chrono::milliseconds(disconnections_kept).count()})
            .again(redis::replay::idempotent);
    try {
        auto said = redis::to<std::vector<std::string>>(co_await on_.redis()->execute(asked, on_.soon()));
        for (std::size_t i = 1; i < said.size(); ++i)
            hear(said[i]);
        read_to_ = std::move(said.at(0));
        co_return true;
    } catch (const boost::system::system_error& e) {
        if (is_the_end(e.code()))
            throw;
        telemetry::log(level::warn, "realtime", "cannot read at Redis who was disconnected", {{"why", e.what()}});
        co_return false;
    }
}

} // namespace infra::realtime::over_redis
