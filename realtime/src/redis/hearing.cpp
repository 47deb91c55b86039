#include "hearing.hpp"

#include "wire.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

constexpr std::size_t most_subscribed_at_once = 500;

} // namespace

// --- What is wanted ----------------------------------------------------------------------------------------------------

void hearing::want(const std::string& channel) {
    const std::scoped_lock lock(mutex_);
    if (wanted_.insert(channel).second)
        changed_.insert(channel);
    wants_bell_.ring();
}

void hearing::unwant(const std::string& channel) {
    const std::scoped_lock lock(mutex_);
    if (wanted_.erase(channel) == 0)
        return;
    changed_.insert(channel);
    if (const auto waiting = waiting_.extract(channel))
        for (const auto& each : waiting.mapped())
            each.set_value();
    wants_bell_.ring();
}

awaitable<void> hearing::ready(std::string channel) {
    const promise<void> told(co_await asio::this_coro::executor);
    {
        const std::scoped_lock lock(mutex_);
        if (!wanted_.contains(channel) || ready_.contains(channel))
            co_return;
        waiting_[channel].push_back(told);
    }
    co_await told.get();
}

void hearing::set_ready(const std::string& channel) {
    const std::scoped_lock lock(mutex_);
    ready_.insert(channel);
    if (const auto waiting = waiting_.extract(channel))
        for (const auto& each : waiting.mapped())
            each.set_value();
}

void hearing::begin(const executor& ex) {
    wants_bell_.begin(ex);
    read_bell_.begin(ex);
    check_bell_.begin(ex);
}

void hearing::close() {
    wants_bell_.close();
    read_bell_.close();
    check_bell_.close();
}

void hearing::link_is_up() {
    wants_bell_.ring();
    read_bell_.ring();
}

void hearing::link_is_down() {
    for (auto& [name, each] : channels_)
        each.is_late = each.is_late || !each.is_heard;
}

// --- Subscribing -------------------------------------------------------------------------------------------------------

redis::subscribe_request hearing::request_for(std::vector<std::string> names) const {
    redis::subscribe_request request;
    (on_.sharded ? request.shard_channels : request.channels) = std::move(names);
    return request;
}

awaitable<void> hearing::subscribe() {
    const auto redis = on_.redis();
    while (!ear_) {
        try {
            ear_ = co_await redis->subscribe({.channels = {on_.called.control()}, .max_unread = 100'000}, on_.soon());
            break;
        } catch (const boost::system::system_error& e) {
            if (is_the_end(e.code()))
                throw;
            telemetry::log(level::warn, "realtime", "cannot listen at Redis yet", {{"why", e.what()}});
        }
        co_await on_.time.sleep_for(between_attempts);
    }
}

awaitable<void> hearing::follow_wants() {
    while (true) {
        take_changes();
        while (!unheard_.empty() && co_await subscribe_some())
            take_changes();
        if (unheard_.empty())
            co_await wants_bell_.wait();
        else
            co_await wants_bell_.wait(deadline::after(between_attempts, on_.time.steady()), on_.time);
    }
}

// A channel that was let go of and is wanted again before anybody has looked goes on from where it is: what came meanwhile has been told.
void hearing::take_changes() {
    std::vector<std::string> gone;
    const std::scoped_lock lock(mutex_);
    for (const auto& each : std::exchange(changed_, {})) {
        const auto name = on_.called.channel(each);
        if (wanted_.contains(each)) {
            const auto [made, is_new] = channels_.try_emplace(name, each, on_.history_of(each).size > 0);
            if (!is_new)
                continue;
            made->second.is_late = !on_.up;
            unheard_.insert(name);
        } else if (channels_.erase(name) > 0) {
            ready_.erase(each);
            if (unheard_.erase(name) == 0)
                gone.push_back(name);
        }
    }
    if (!gone.empty())
        ear_->remove(request_for(std::move(gone)));
}

awaitable<bool> hearing::subscribe_some() {
    std::vector<std::string> some;
    for (auto each = unheard_.begin(); each != unheard_.end() && some.size() < most_subscribed_at_once; ++each)
        some.push_back(*each);
    try {
        co_await ear_->add(request_for(some), on_.soon());
    } catch (const boost::system::system_error& e) {
        if (is_the_end(e.code()))
            throw;
        telemetry::log(level::warn, "realtime", "cannot subscribe at Redis", {{"why", e.what()}});
        link_is_down();
        co_return false;
    }
    for (const auto& each : some)
        if (unheard_.erase(each) > 0)
            now_heard(each);
    co_return true;
}

void hearing::now_heard(const std::string& name) {
    const auto found = channels_.find(name);
    if (found == channels_.end())
        return;
    found->second.is_heard = true;
    if (found->second.is_late)
        tell(found->second, found->second.place.doubt());
    if (found->second.place.is_known())
        set_ready(found->second.name);
    queue(found->second);
}

// --- Listening ---------------------------------------------------------------------------------------------------------

awaitable<void> hearing::listen() {
    while (true) {
        for (const auto& each : co_await ear_->receive())
            hear(each);
        if (const auto missed = ear_->missed(); missed != std::exchange(missed_, missed))
            hear_all_anew();
    }
}

void hearing::hear(const redis::message& m) {
    if (m.type == redis::message::kind::resumed)
        return hear_all_anew();
    if (m.channel == on_.called.control())
        return control_.hear(m.payload);
    const auto found = channels_.find(m.channel);
    if (found == channels_.end())
        return;
    auto& of = found->second;
    auto said = read_channel(m.payload, on_.node);
    on_.count.heard();
    if (auto* const what = std::get_if<item>(&said))
        tell(of, of.place.hear(std::move(*what)));
    else if (const auto* const joined = std::get_if<joining>(&said))
        on_.to->joined(of.name, joined->who);
    else if (const auto* const left = std::get_if<leaving>(&said))
        on_.to->left(of.name, left->who);
    queue(of);
}

void hearing::hear_all_anew() {
    control_.doubt();
    for (auto& [name, each] : channels_) {
        each.is_late = each.is_late || !each.is_heard;
        if (!each.is_heard)
            continue;
        tell(each, each.place.doubt());
        queue(each);
    }
}

void hearing::tell(const heard_channel& of, std::vector<event> events) {
    for (auto& each : events)
        if (auto* const message = std::get_if<envelope>(&each))
            on_.to->published(of.name, std::move(*message));
        else
            tell(of, std::get<gap>(each));
}

void hearing::tell(const heard_channel& of, const gap& what) {
    if (what.is_own)
        return on_.to->passed(of.name, what.dropped, what.now);
    on_.count.gap();
    on_.to->gap(of.name, what.dropped, what.now);
}

} // namespace infra::realtime::over_redis
