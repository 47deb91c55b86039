#include "jobs.hpp"

#include "speaker.hpp"

#include <infra/base/encoding.hpp>
#include <infra/realtime/feeds.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace infra::realtime {
namespace feeds {
namespace {

constexpr std::chrono::seconds between_attempts{1};

// What other programs wrote there need not be JSON.
json::value value_in(const std::string& text) {
    auto read = json::parse<json::value>(text, {.max_bytes = text.size()});
    return read ? std::move(*read) : json::value(encoding::to_utf8(text));
}

bool is_json(queue::job_event::kind what) noexcept {
    return what == queue::job_event::kind::completed || what == queue::job_event::kind::progress;
}

struct job_feed {
    speaker says;
    const std::string channel;
    const queue::queue of;
    const std::string name;
    const job_feed_options options;
};

// The same on every node, and another in another storage, which numbers its events by itself: each node may have a file of its own.
std::string key_of(const queue::job_event& what) {
    return "job event " + std::to_string(what.number) + " " + std::to_string(what.at.time_since_epoch().count()) + " " +
           what.queue;
}

void say_event(job_feed& feed, const queue::job_event& what) {
    if (std::ranges::find(feed.options.kinds, what.what) == feed.options.kinds.end())
        return;
    const auto& channel_of = feed.options.channel_of;
    const auto channel = channel_of ? channel_of(what) : feed.channel;
    if (channel.empty())
        return;
    publish_options how;
    if (feed.says.has_broker())
        how.idempotency_key = key_of(what);
    feed.says.say(channel, job_message(what, feed.options.with_data), std::move(how));
}

void say_page(job_feed& feed, const queue::events_page& page) {
    if (page.missed)
        feed.says.say(feed.channel, {.type = "jobs_missed", .data = {{"queue", feed.name}}});
    for (const auto& each : page.events)
        say_event(feed, each);
}

// The follower stays where it was when the storage goes away, and so misses nothing of what is noted meanwhile.
awaitable<std::optional<queue::events_page>> next_page(job_feed& feed, std::optional<queue::event_follower>& place) {
    if (!place)
        place = co_await feed.of.follow(feed.name);
    co_return co_await place->next();
}

awaitable<void> follow_jobs(std::shared_ptr<job_feed> feed) {
    std::optional<queue::event_follower> place;
    while (true) {
        std::exception_ptr thrown;
        try {
            say_page(*feed, *co_await next_page(*feed, place));
        } catch (...) {
            thrown = std::current_exception();
        }
        switch (thrown ? judge(thrown) : trouble::passes) {
        case trouble::ends_it: co_return;
        case trouble::is_for_the_caller: std::rethrow_exception(thrown);
        case trouble::passes: break;
        }
        if (thrown)
            co_await feed->of.time().sleep_for(between_attempts);
    }
}

} // namespace

message job_message(const queue::job_event& of, bool with_data) {
    json::object data{{"event", to_string(of.what)},
                      {"queue", of.queue},
                      {"id", of.id},
                      {"number", of.number},
                      {"at", text_of(of.at)}};
    if (with_data && !of.data.empty())
        data["data"] = is_json(of.what) ? value_in(of.data) : json::value(encoding::to_utf8(of.data));
    return {.type = "job", .data = std::move(data)};
}

trouble judge(const std::exception_ptr& thrown) noexcept {
    const auto code = code_of(thrown);
    if (code == infra::errc::closed)
        return trouble::ends_it;
    if (code == queue::errc::unavailable || code == infra::errc::overloaded || code == infra::errc::timed_out)
        return trouble::passes;
    return trouble::is_for_the_caller;
}

} // namespace feeds

awaitable<void> publish_jobs(hub to, std::string channel, queue::queue of, std::string queue,
                             job_feed_options options) {
    return feeds::follow_jobs(std::make_shared<feeds::job_feed>(feeds::job_feed{
        {std::move(to), "jobs", channel}, channel, std::move(of), std::move(queue), std::move(options)}));
}

} // namespace infra::realtime
