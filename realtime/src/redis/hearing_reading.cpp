#include "hearing.hpp"

#include "wire.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

constexpr std::size_t most_compared_at_once = 500;
constexpr std::size_t most_items_read = 500; // of one channel
constexpr std::size_t bytes_for_each_read = 1024;

// What is for nobody counts all the same.
reading reading_of(history_reply all, std::string_view node) {
    reading out{.now = all.now, .read_to = all.read_to};
    for (auto& each : all.entries) {
        item made{{all.now.epoch, each.offset}, std::nullopt};
        made.what = gap{.now = made.at, .is_own = true}; // unless it is more
        auto said = each.expired ? nonsense{} : read_channel(each.text, node, made.at);
        if (auto* const what = std::get_if<item>(&said))
            made.what = std::move(what->what);
        if (auto* const message = std::get_if<envelope>(&*made.what))
            message->age = each.age;
        out.items.push_back(std::move(made));
    }
    return out;
}

} // namespace

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

// An item counts for what it may take, as the channel's history is bounded.
hearing::questions hearing::next_questions() {
    questions out;
    const auto items = std::min(most_items_read, reading_.at_once());
    for (std::size_t asked = 0, bytes = 0; !to_read_.empty() && asked + items <= reading_.at_once() &&
                                           bytes < reading_.at_once() * bytes_for_each_read;) {
        auto name = std::move(to_read_.front());
        to_read_.pop_front();
        const auto found = channels_.find(name);
        if (found == channels_.end() || !found->second.is_queued)
            continue;
        auto& of = found->second;
        of.is_queued = false;
        const auto from = of.place.begin_reading();
        out.commands.add(read_command(on_, of.name, from, from ? items : 0, true));
        asked += items;
        bytes += on_.history_of(of.name).max_bytes;
        out.names.push_back(std::move(name));
    }
    return out;
}

awaitable<bool> hearing::read_some() {
    auto asked = next_questions();
    if (asked.names.empty())
        co_return true;
    std::vector<redis::reply> replies(asked.names.size(), redis::reply("ERR", redis::reply::kind::error));
    std::optional<std::string> failure;
    const auto begin = on_.time.steady();
    try {
        replies = co_await on_.redis()->execute(std::move(asked.commands), on_.soon());
        reading_.went_in(on_.time.steady() - begin);
    } catch (const boost::system::system_error& e) {
        if (is_the_end(e.code()))
            throw;
        failure = e.what();
        reading_.failed();
    }
    bool good = !failure;
    for (std::size_t i = 0; i < replies.size(); ++i)
        if (const auto found = channels_.find(asked.names[i]); found != channels_.end()) {
            good = good && !replies[i].is_error();
            take(found->second, std::move(replies[i]));
        }
    if (failure)
        on_.lost_link(*failure);
    co_return good;
}

void hearing::take(heard_channel& of, redis::reply r) {
    if (r.is_error()) {
        of.place.reading_failed();
    } else {
        auto read = reading_of(history_in(std::move(r)), on_.node);
        on_.count.read(read.items.size());
        tell(of, of.place.read(std::move(read)));
        set_ready(of.name);
    }
    queue(of);
}

// --- Comparing ---------------------------------------------------------------------------------------------------------

awaitable<void> hearing::check() {
    while (true) {
        co_await check_bell_.wait(deadline::after(on_.options.check_every, on_.time.steady()), on_.time);
        std::vector<std::string> names;
        for (const auto& [name, each] : channels_)
            if (each.is_heard && each.place.known())
                names.push_back(name);
        for (std::size_t first = 0; on_.up && first < names.size(); first += most_compared_at_once) {
            const auto end = std::min(names.size(), first + most_compared_at_once);
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
