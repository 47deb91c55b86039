#include "../hub/hub_state.hpp"
#include "answers.hpp"
#include "conversation.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <utility>

namespace infra::realtime::detail {
namespace {

awaitable<json::value> answer_of(request_handler to, client_id from, message said, patience limit) {
    if (to.is_plain())
        co_return to.now(std::move(from), std::move(said));
    co_return co_await with_deadline(to.later(std::move(from), std::move(said)),
                                     deadline::after(limit.each, limit.time->steady()), *limit.time);
}

// A type that has a handler: there are as many as the service has written.
void name_in_span(telemetry::span& span, const client_message& said) {
    if (span.recording())
        span.set({{"messaging.operation.name", said.what.type}, {"messaging.destination.name", said.what.channel}});
}

} // namespace

/// Whether a client may have a channel, asked of the handlers of its `subscribe`: to subscribe it is their way to say yes. It is then
/// subscribed with all that it has asked for.
class question {
public:
    question(std::shared_ptr<hub_state> at, std::shared_ptr<client> who, std::string channel)
        : at_(std::move(at)), who_(std::move(who)), channel_(std::move(channel)) {
        at_->begin_ask(*who_, channel_);
    }
    ~question() { ends_with_yes(); }
    question(const question&) = delete;
    question& operator=(const question&) = delete;

    bool ends_with_yes() { return at_->end_ask(*who_); }

private:
    const std::shared_ptr<hub_state> at_;
    const std::shared_ptr<client> who_;
    const std::string channel_;
};

patience conversation::patience_in(hub_state& at) const { return {at.options.limits.handler_time, &at.time()}; }

rest conversation::apply(const hub_pointer& at, client_message said) {
    auto lists = at->handlers.now();
    const auto& type = said.what.type;
    const auto* const answers = said.ref.empty() ? nullptr : find_request(*lists, type);
    const bool is_heard = said.ref.empty() ? has_handler(*lists, type) : answers != nullptr;
    if (!is_heard || is_reserved_type(type)) {
        refuse(*at, "unknown_type", "nobody here answers messages of this type", said);
        return std::nullopt;
    }
    if (!is_plain(*lists, type) || (answers && !answers->is_plain()))
        return apply_later(shared_from_this(), at, std::move(lists), std::move(said));
    telemetry::span span("realtime message", span_kind::consumer);
    name_in_span(span, said);
    dispatch(lists, me_.id, said.what, patience_in(*at));
    if (answers)
        answer(*at, {.type = "reply", .data = answers->now(me_.id, std::move(said.what))}, said.ref);
    return std::nullopt;
}

awaitable<void> conversation::apply_later(self_pointer self, hub_pointer at,
                                          std::shared_ptr<const handler_table::lists> lists, client_message said) {
    telemetry::span span("realtime message", span_kind::consumer);
    name_in_span(span, said);
    const auto limit = self->patience_in(*at);
    if (auto others = dispatch(lists, self->me_.id, said.what, limit))
        co_await std::move(*others);
    if (said.ref.empty())
        co_return;
    const auto* const answers = find_request(*lists, said.what.type);
    auto data = co_await answer_of(*answers, self->me_.id, std::move(said.what), limit);
    self->answer(*at, {.type = "reply", .data = std::move(data)}, said.ref);
}

rest conversation::ask_handlers(const hub_pointer& at, client_message said) {
    auto asked = std::make_shared<question>(at, me(), said.what.channel);
    auto others = dispatch(at->handlers.now(), me_.id, said.what, patience_in(*at));
    if (others)
        return decide_after(shared_from_this(), at, std::move(asked), std::move(*others), std::move(said));
    return decide(at, *asked, std::move(said));
}

awaitable<void> conversation::decide_after(self_pointer self, hub_pointer at, std::shared_ptr<question> asked,
                                           awaitable<void> others, client_message said) {
    co_await std::move(others);
    if (auto more = self->decide(at, *asked, std::move(said)))
        co_await std::move(*more);
}

rest conversation::decide(const hub_pointer& at, question& asked, client_message said) {
    if (asked.ends_with_yes())
        return attach_by_permission(at, std::move(said));
    refuse(*at, "forbidden", "this channel is not open to this client", said);
    return std::nullopt;
}

} // namespace infra::realtime::detail
