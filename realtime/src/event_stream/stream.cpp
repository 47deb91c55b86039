#include "stream.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <charconv>

namespace infra::realtime::event_stream {
namespace {

constexpr std::size_t piece_bytes = 16 * 1024; // of events, handed to HTTP together

std::string make_data(const frame& f) { return "data: " + std::string(f.text()) + "\n\n"; }

// However its coroutine ends, the hub hears of it.
struct leaving {
    std::shared_ptr<session>& talk;
    const std::optional<close_code>& code;
    ~leaving() {
        if (const auto gone = std::exchange(talk, nullptr))
            gone->ended(code.value_or(close_code::abnormal));
    }
};

} // namespace

void stream_group::wake_at_flush(const std::shared_ptr<stream>& s) { to_wake_.push_back(s); }

void stream_group::flush() noexcept {
    const auto woken = std::exchange(to_wake_, {});
    for (const auto& each : woken)
        each->wake();
}

stream::stream(std::shared_ptr<stream_group> group, stream_request asked, std::size_t max_queue_bytes,
               event_stream_options options, clock& time)
    : group_(std::move(group)),
      asked_(std::move(asked)),
      options_(std::move(options)),
      time_(time),
      arrived_(group_->get_executor(), asio::steady_timer::time_point::max()),
      places_(asked_.channels, asked_.last_event_id),
      out_({.max_bytes = max_queue_bytes, .beside_each = kept_beside_each}) {}

// --- What the hub says -----------------------------------------------------------------------------------------------

void stream::send(const frame& f) {
    if (ending_)
        return;
    if (out_.push(f, f.text()) == outbox::verdict::close)
        ending_ = {.code = close_code::slow, .reason = "the client reads too slowly"};
    dropped_.store(out_.dropped(), std::memory_order_relaxed);
    note_queued();
    group_->wake_at_flush(shared_from_this());
}

void stream::close(close_code code, std::string_view reason) {
    if (!ending_)
        ending_ = {.code = code, .reason = std::string(reason)};
    wake();
}

void stream::note_queued() noexcept { queued_.store(out_.bytes(), std::memory_order_relaxed); }

// --- What the client hears -------------------------------------------------------------------------------------------

awaitable<void> stream::run(std::shared_ptr<stream> self, hub at, http::body_writer to) {
    std::optional<close_code> code;
    const leaving at_the_end{self->session_, code};
    co_await to.write("retry: " + std::to_string(self->options_.retry.count()) + "\n\n");
    self->open(at);
    while (true) {
        auto events = self->next_events();
        if (events.empty() && self->ending_)
            break;
        if (events.empty())
            co_await self->wait();
        else
            co_await to.write(std::move(events));
    }
    code = self->ending_->code;
    co_await to.write(self->farewell());
}

// A comment where nothing else has been said: what stands in between shall not think that nobody is there, and a client that
// has gone is noticed only by writing to it.
awaitable<void> stream::wait() {
    woken_ = false;
    try {
        co_await with_deadline(until_woken(), deadline::after(options_.keep_alive, time_.steady()), time_);
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
        silent_ = true;
    }
}

// It begins later than it is called: what wakes it in between is not lost.
awaitable<void> stream::until_woken() {
    boost::system::error_code ec;
    if (!woken_)
        co_await arrived_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (!woken_)
        throw boost::system::system_error(ec);
}

void stream::wake() noexcept {
    woken_ = true;
    arrived_.cancel();
}

void stream::open(const hub& at) {
    session_ = session::open(at, shared_from_this(), std::move(asked_.from), std::move(asked_.who),
                             {.transport = "event-stream", .ping = options_.keep_alive});
    for (const auto& each : asked_.channels)
        if (session_ && !ending_)
            subscribe(each);
}

void stream::subscribe(const wanted_channel& to) {
    client_message said{
        .what = {.type = "subscribe", .channel = to.name}, .token = to.token, .since = places_.of(to.name)};
    session_->receive(to_text(said));
}

std::string stream::next_events() {
    std::string all;
    if (std::exchange(silent_, false))
        all += ":\n\n";
    while (all.size() < piece_bytes && !out_.empty())
        all += event_of(out_.take());
    note_queued();
    return all;
}

std::string stream::event_of(const frame& f) {
    const auto& facts = f.facts();
    if (facts.channel && facts.offset > 0)
        places_.move(facts.channel->name, {.epoch = facts.channel->epoch, .offset = facts.offset});
    if (facts.control)
        return answer_to_event(f);
    const auto id = places_.to_id();
    const auto data = f.encoded(frame::encoding::event, &make_data);
    return id.empty() ? std::string(data) : "id: " + id + "\n" + std::string(data);
}

// Of what the protocol says, those who only listen need little: where they are, and what they do not get.
std::string stream::answer_to_event(const frame& f) {
    const auto read = json::parse<json::value>(f.text());
    if (!read)
        return {};
    const auto& said = read->as_object();
    const auto type = said.at("type").as_string();
    if (type == "gap")
        return with_id("gap", f.text());
    if (type == "error")
        return with_id("refused", f.text());
    if (type == "unsubscribed")
        return with_id("refused", f.text());
    if (type == "join" || type == "leave")
        return with_id({}, f.text());
    if (type != "subscribed")
        return {};
    const auto* channel = said.if_contains("channel");
    const auto* data = said.if_contains("data");
    if (!channel || !data || !data->is_object() || !data->as_object().contains("epoch"))
        return {};
    const auto* recovered = data->as_object().if_contains("recovered");
    if (recovered && recovered->is_bool() && recovered->as_bool())
        return {}; // what was missed comes now: the client is where it was
    places_.move(channel->as_string(), {.epoch = std::string(data->at("epoch").as_string()),
                                        .offset = data->at("offset").to_number<std::uint64_t>()});
    if (!recovered)
        return with_id({}, {});
    const message lost{.type = "gap", .channel = std::string(channel->as_string()), .data = *data};
    return with_id("gap", to_text(lost));
}

// Without data only the browser's notion of where it is moves; no event is seen.
std::string stream::with_id(std::string_view type, std::string_view data) {
    std::string event;
    if (const auto id = places_.to_id(); !id.empty())
        event += "id: " + id + "\n";
    if (!type.empty())
        event += "event: " + std::string(type) + "\n";
    if (!data.empty())
        event += "data: " + std::string(data) + "\n";
    return event.empty() ? event : event + "\n";
}

// A browser comes back in any case. When it should wait, it is told how long; when it should not come, the page is told.
std::string stream::farewell() const {
    std::uint32_t after = 0;
    const auto& reason = ending_->reason;
    if (ending_->code == close_code::shutdown &&
        std::from_chars(reason.data(), reason.data() + reason.size(), after).ec == std::errc{})
        return "retry: " + std::to_string(after) + "\n\n";
    if (may_reconnect(ending_->code))
        return {};
    const json::value why = {{"code", static_cast<std::uint16_t>(ending_->code)}, {"reason", reason}};
    return "event: closed\ndata: " + json::to_text(why) + "\n\n";
}

} // namespace infra::realtime::event_stream
