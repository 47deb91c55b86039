#include "stream.hpp"

#include "../websocket/handshake_rules.hpp"
#include "../websocket/origin.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>

namespace infra::realtime {
namespace {

using event_stream::stream;
using event_stream::stream_group;
using event_stream::stream_request;

constexpr std::size_t max_channels = 32; // each is in the id of every event

struct endpoint {
    hub at;
    event_stream_options options;
    std::mutex mutex{};
    std::vector<std::shared_ptr<stream_group>> groups{}; // guarded by mutex

    std::shared_ptr<stream_group> group_on(const executor& loop) {
        const std::scoped_lock lock(mutex);
        const auto found = std::ranges::find_if(groups, [&](const auto& each) { return each->get_executor() == loop; });
        if (found != groups.end())
            return *found;
        return groups.emplace_back(std::make_shared<stream_group>(loop));
    }
    clock& time() const { return at.options().time ? *at.options().time : real_clock(); }
};

void check(const event_stream_options& o) {
    websocket::check_origins(o.origins, "event_stream_options::origins");
    if (o.keep_alive <= std::chrono::milliseconds(0))
        throw std::invalid_argument("event_stream_options::keep_alive must be greater than 0");
    if (o.retry < std::chrono::milliseconds(0))
        throw std::invalid_argument("event_stream_options::retry must be at least 0");
}

std::optional<http::response> refuse(const http::request& asked, const event_stream_options& options,
                                     const std::vector<event_stream::wanted_channel>& channels) {
    if (auto no = websocket::refuse_origin(asked, options.origins, true))
        return no;
    if (channels.empty() || channels.size() > max_channels)
        return http::response::error(400, "bad_channels", "the query must name from 1 to 32 channels: ?channel=room:1");
    return std::nullopt;
}

// A page of another origin that is allowed to connect is allowed to read, cookies and all.
void allow_origin(http::response& made, const http::request& asked) {
    if (const auto origin = asked.header("Origin"); !origin.empty()) {
        made.headers.set("Access-Control-Allow-Origin", origin);
        made.headers.set("Access-Control-Allow-Credentials", "true");
        made.headers.append("Vary", "Origin");
    }
}

awaitable<http::response> answer(std::shared_ptr<endpoint> from, http::request asked) {
    stream_request brought{.from = websocket::describe_handshake(asked),
                           .channels = event_stream::wanted_channels(asked.query_string()),
                           .last_event_id = std::string(asked.header("Last-Event-ID"))};
    if (auto no = refuse(asked, from->options, brought.channels))
        co_return std::move(*no);
    try {
        brought.who = co_await authenticate(from->at, brought.from);
    } catch (const error& e) {
        if (e.code() != errc::forbidden)
            throw;
        co_return http::response::error(401, "unauthorized", "who this is was not proved");
    }
    const auto group = from->group_on(co_await asio::this_coro::executor);
    const auto made = std::make_shared<stream>(group, std::move(brought), from->at.options().limits.max_queue_bytes,
                                               from->options, from->time());
    auto events = http::response::stream(
        "text/event-stream", [from, made](http::body_writer to) { return stream::run(made, from->at, to); });
    events.headers.set("Cache-Control", "no-store");
    events.headers.set("X-Accel-Buffering", "no"); // proxies that would wait for more
    allow_origin(events, asked);
    co_return events;
}

} // namespace

void add_event_stream(http::router& routes, hub from, std::string_view path, event_stream_options options) {
    check(options);
    auto shared = std::make_shared<endpoint>(std::move(from), std::move(options));
    routes.get(path, [shared](http::request asked) { return answer(shared, std::move(asked)); });
}

} // namespace infra::realtime
