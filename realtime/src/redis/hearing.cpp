#include "hearing.hpp"

#include "wire.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

constexpr std::size_t most_subscribed_at_once = 500;
constexpr std::size_t most_read_at_once = 64;
constexpr std::size_t most_bytes_read_at_once = 32 * 1024 * 1024;
constexpr std::size_t most_items_read = 500;

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
    if (m.channel == on_.called.control()) {
        if (const auto said = read_control(m.payload))
            on_.to->disconnect(said->user, said->code);
        return;
    }
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

// --- Reading what was missed -------------------------------------------------------------------------------------------

void hearing::queue(heard_channel& which) {
    if (!which.is_heard || which.is_queued || !which.place.needs_reading())
        return;
    which.is_queued = true;
    to_read_.push_back(on_.called.channel(which.name));
    read_bell_.ring();
}

awaitable<void> hearing::read_on() {
    while (true) {
        while (on_.up && !to_read_.empty() && co_await read_some()) {
        }
        if (to_read_.empty() || !on_.up)
            co_await read_bell_.wait();
        else
            co_await read_bell_.wait(deadline::after(between_attempts, on_.time.steady()), on_.time);
    }
}

awaitable<bool> hearing::read_some() {
    std::vector<std::string> names;
    redis::batch questions;
    for (std::size_t bytes = 0;
         !to_read_.empty() && names.size() < most_read_at_once && bytes < most_bytes_read_at_once;) {
        auto name = std::move(to_read_.front());
        to_read_.pop_front();
        const auto found = channels_.find(name);
        if (found == channels_.end() || !found->second.is_queued)
            continue;
        auto& of = found->second;
        of.is_queued = false;
        const auto from = of.place.begin_reading();
        questions.add(read_command(on_, of.name, from, from ? most_items_read : 0, true));
        bytes += on_.history_of(of.name).max_bytes;
        names.push_back(std::move(name));
    }
    if (names.empty())
        co_return true;
    std::vector<redis::reply> replies(names.size(), redis::reply("ERR", redis::reply::kind::error));
    std::optional<std::string> failure;
    try {
        replies = co_await on_.redis()->execute(std::move(questions), on_.soon());
    } catch (const boost::system::system_error& e) {
        if (is_the_end(e.code()))
            throw;
        failure = e.what();
    }
    bool good = !failure;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = channels_.find(names[i]);
        if (found == channels_.end())
            continue;
        auto& of = found->second;
        if (replies[i].is_error()) {
            of.place.reading_failed();
            good = false;
        } else {
            auto all = history_in(std::move(replies[i]));
            reading r{.now = all.now, .read_to = all.read_to};
            for (auto& each : all.entries) {
                item made{{all.now.epoch, each.offset}, std::nullopt};
                made.what = gap{.now = made.at, .is_own = true}; // for nobody, unless it is more
                auto said = each.expired ? nonsense{} : read_channel(each.text, on_.node, made.at);
                if (auto* const what = std::get_if<item>(&said))
                    made.what = std::move(what->what);
                r.items.push_back(std::move(made));
            }
            on_.count.read(r.items.size());
            tell(of, of.place.read(std::move(r)));
            set_ready(of.name);
        }
        queue(of);
    }
    if (failure)
        on_.lost_link(*failure);
    co_return good;
}

// --- Comparing ---------------------------------------------------------------------------------------------------------

awaitable<void> hearing::check() {
    while (true) {
        co_await check_bell_.wait(deadline::after(on_.options.check_every, on_.time.steady()), on_.time);
        std::vector<std::string> names;
        for (const auto& [name, each] : channels_)
            if (each.is_heard && each.place.known())
                names.push_back(name);
        for (std::size_t first = 0; on_.up && first < names.size(); first += most_subscribed_at_once) {
            const auto end = std::min(names.size(), first + most_subscribed_at_once);
            co_await check_some(
                {names.begin() + static_cast<std::ptrdiff_t>(first), names.begin() + static_cast<std::ptrdiff_t>(end)});
        }
    }
}

// A channel that is listened to keeps its place, however quiet it is.
awaitable<void> hearing::check_some(std::vector<std::string> names) {
    redis::batch questions;
    for (const auto& each : names) {
        const auto place = each + ":m";
        questions.add({"HMGET", place, "e", "o"});
        questions.add({"PEXPIRE", place, std::chrono::milliseconds(place_kept).count()});
    }
    std::vector<redis::reply> replies;
    try {
        replies = co_await on_.redis()->execute(std::move(questions), on_.soon());
    } catch (const boost::system::system_error& e) {
        if (is_the_end(e.code()))
            throw;
        co_return; // next time
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = channels_.find(names[i]);
        const auto& r = replies[2 * i];
        if (found == channels_.end() || r.type() != redis::reply::kind::array || r.items().size() != 2)
            continue;
        const auto& epoch = r.items()[0];
        const auto& offset = r.items()[1];
        position now;
        if (!epoch.is_null() && !offset.is_null())
            now = {epoch.as_text(), static_cast<std::uint64_t>(offset.as_integer())};
        found->second.place.compare(now);
        queue(found->second);
    }
}

} // namespace infra::realtime::over_redis
