#include "../hub/hub_state.hpp"
#include "answers.hpp"
#include "conversation.hpp"
#include "received.hpp"

#include <infra/base/with_deadline.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace infra::realtime::detail {
namespace {

constexpr std::size_t usual_history = 100;

std::size_t limit_of(const json::value& data, std::size_t most) {
    const auto* const members = data.if_object();
    const auto* const given = members ? members->if_contains("limit") : nullptr;
    const auto number = given ? json::from_value<std::uint64_t>(*given) : json::failure("limit", "missing");
    return std::clamp<std::size_t>(number ? *number : usual_history, 1, most);
}

/// What a client wants published, or what is wrong with it.
std::variant<message, bad_message> publication_in(json::value data) {
    auto* const members = data.if_object();
    auto* const type = members ? members->if_contains("type") : nullptr;
    if (!type || !type->is_string() || type->get_string().empty())
        return bad_message{"\"data\" must be the message to publish, an object with a \"type\""};
    message m{.type = std::string(type->get_string())};
    if (is_reserved_type(m.type))
        return bad_message{"\"data.type\" is a word of the protocol itself"};
    if (auto* const inner = members->if_contains("data"))
        m.data = std::move(*inner);
    return m;
}

deadline patient(hub_state& at) { return deadline::after(at.options.limits.handler_time, at.time().steady()); }

} // namespace

conversation::action_function conversation::action_for(std::string_view type) noexcept {
    static constexpr std::pair<std::string_view, action_function> all[] = {
        {"subscribe", &conversation::subscribe}, {"unsubscribe", &conversation::unsubscribe},
        {"publish", &conversation::publish},     {"presence", &conversation::presence},
        {"history", &conversation::history},     {"auth", &conversation::authenticate},
    };
    const auto* const found = std::ranges::find(all, type, [](const auto& each) { return each.first; });
    return found == std::end(all) ? &conversation::apply : found->second;
}

bool conversation::hear_at_once(hub_state& at, client_message& said) {
    const auto& type = said.what.type;
    if (type == "ping")
        answer(at, {.type = "pong"}, said.ref);
    else if (type == "reply" && proved_)
        at.requests.answered(me_.id, said.ref, std::move(said.what.data));
    else if (type == "error" && proved_)
        at.requests.failed(me_.id, said.ref, said.what.data);
    else
        return false;
    count_received(type);
    return true;
}

// --- channels ---

bool conversation::may_have(hub_state& at, const std::string& channel) const {
    return at.channel_count(me_) < at.options.limits.max_channels_per_client || at.is_subscribed(me_, channel);
}

rest conversation::subscribe(const hub_pointer& at, client_message said) {
    const auto& options = at->options;
    if (!is_channel_name(said.what.channel, options.limits.max_channel_name))
        refuse(*at, "bad_message", no_channel_name, said);
    else if (!said.info.is_null() && json::to_text(said.info).size() > options.presence.max_info_bytes)
        refuse(*at, "bad_message", "\"info\" is too large", said);
    else if (!may_have(*at, said.what.channel))
        refuse(*at, "too_many_channels", "leave another channel first", said);
    else if (is_opened_by_token(*at, said))
        return attach_by_token(at, std::move(said));
    else if (options.authorize)
        return ask(at, action::subscribe, std::move(said), &conversation::attach_by_permission);
    else
        return ask_handlers(at, std::move(said));
    return std::nullopt;
}

// With a broker, where the channel is has to be known first.
rest conversation::attach(const hub_pointer& at, client_message said) {
    if (at->others && !at->others->is_warm(said.what.channel))
        return attach_once_warm(shared_from_this(), at, std::move(said));
    attach_now(at, std::move(said));
    return std::nullopt;
}

awaitable<void> conversation::attach_once_warm(self_pointer self, hub_pointer at, client_message said) {
    const auto hold = co_await with_deadline(broker_side::warm(at, said.what.channel), patient(*at), at->time());
    self->attach_now(at, std::move(said));
}

void conversation::attach_now(const hub_pointer& at, client_message said) {
    auto info = std::move(said.info);
    if (const auto who = at->identity_of(me_); info.is_null() && who)
        info = who->info;
    at->attach(me(), said.what.channel, said.since, answers_ ? subscribed_answer(said.ref) : nullptr, info, true);
}

rest conversation::unsubscribe(const hub_pointer& at, client_message said) {
    const auto& channel = said.what.channel;
    if (!at->is_subscribed(me_, channel))
        refuse(*at, "not_subscribed", "there is nothing to leave", said);
    else {
        forget_name(*at, channel);
        at->detach(me(), channel,
                   answers_ ? answer_frame({.type = "unsubscribed", .channel = channel}, said.ref) : frame(), true);
    }
    return std::nullopt;
}

// --- messages ---

rest conversation::publish(const hub_pointer& at, client_message said) {
    auto read = publication_in(std::move(said.what.data));
    if (const auto* const bad = std::get_if<bad_message>(&read)) {
        refuse(*at, "bad_message", bad->why, said);
        return std::nullopt;
    }
    auto& wanted = std::get<message>(read);
    said.what.type = std::move(wanted.type);
    said.what.data = std::move(wanted.data);
    return ask(at, action::publish, std::move(said), &conversation::publish_now);
}

// With a broker the offset is known later; who does not ask for it does not wait.
rest conversation::publish_now(const hub_pointer& at, client_message said) {
    if (at->options.broker && !said.ref.empty())
        return publish_confirmed(shared_from_this(), at, std::move(said));
    const auto done = at->publish(said.what.channel, said.what, {});
    if (!said.ref.empty())
        answer(*at, published(said.what.channel, done), said.ref);
    return std::nullopt;
}

awaitable<void> conversation::publish_confirmed(self_pointer self, hub_pointer at, client_message said) {
    const auto done =
        co_await with_deadline(hub(at).publish_confirmed(said.what.channel, said.what, {}), patient(*at), at->time());
    self->answer(*at, published(said.what.channel, done), said.ref);
}

rest conversation::presence(const hub_pointer& at, client_message said) {
    return ask(at, action::presence, std::move(said), &conversation::read_presence);
}

rest conversation::read_presence(const hub_pointer& at, client_message said) {
    return read_presence_later(shared_from_this(), at, std::move(said));
}

awaitable<void> conversation::read_presence_later(self_pointer self, hub_pointer at, client_message said) {
    const auto until = patient(*at);
    const auto who = co_await with_deadline(hub(at).presence(said.what.channel), until, at->time());
    const auto count = co_await with_deadline(hub(at).count_present(said.what.channel), until, at->time());
    self->answer(*at, members(said.what.channel, who, count), said.ref);
}

rest conversation::history(const hub_pointer& at, client_message said) {
    return ask(at, action::history, std::move(said), &conversation::read_history);
}

rest conversation::read_history(const hub_pointer& at, client_message said) {
    const auto many = limit_of(said.what.data, at->options.limits.max_recovered);
    const auto found = at->remembered_for(me_, said.what.channel, said.since, many);
    if (!found)
        return read_history_later(shared_from_this(), at, std::move(said));
    history_answer told{.complete = found->complete, .now = found->now};
    for (const auto& each : found->messages)
        told.texts.push_back(each.what.text());
    say_history(*at, said, std::move(told));
    return std::nullopt;
}

awaitable<void> conversation::read_history_later(self_pointer self, hub_pointer at, client_message said) {
    const auto many = limit_of(said.what.data, at->options.limits.max_recovered);
    auto found = co_await with_deadline(hub(at).history(said.what.channel, said.since, many), patient(*at), at->time());
    std::vector<std::string> texts;
    for (auto& each : found.messages) {
        each.what.channel = said.what.channel;
        texts.push_back(to_text(each.what, each.at.offset));
    }
    self->say_history(*at, said, {found.complete, found.now, {texts.begin(), texts.end()}});
}

void conversation::say_history(hub_state& at, const client_message& said, history_answer told) {
    keep_what_fits(told, said.since.has_value(), at.options.limits.max_queue_bytes / 2);
    say(at, history_frame(said.what.channel, said.ref, told));
}

} // namespace infra::realtime::detail
