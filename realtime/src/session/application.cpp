#include "../hub/hub_state.hpp"
#include "answers.hpp"
#include "conversation.hpp"

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
    const auto lists = at->handlers.now();
    const auto found = said.ref.empty() ? lists->requests.end() : lists->requests.find(said.what.type);
    const bool is_answered = found != lists->requests.end();
    if (is_reserved_type(said.what.type) ||
        (!is_answered && (!said.ref.empty() || !has_handler(*lists, said.what.type)))) {
        refuse(*at, "unknown_type", "nobody here answers messages of this type", said);
        return std::nullopt;
    }
    auto others = dispatch(lists, me_.id, said.what, patience_in(*at));
    if (!is_answered)
        return others;
    if (!others && found->second.is_plain()) {
        answer(*at, {.type = "reply", .data = found->second.now(me_.id, std::move(said.what))}, said.ref);
        return std::nullopt;
    }
    return answer_after(shared_from_this(), at, std::move(others), found->second, std::move(said));
}

awaitable<void> conversation::answer_after(self_pointer self, hub_pointer at, rest others, request_handler to,
                                           client_message said) {
    if (others)
        co_await std::move(*others);
    auto data = co_await answer_of(std::move(to), self->me_.id, std::move(said.what), self->patience_in(*at));
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
        return attach(at, std::move(said));
    refuse(*at, "forbidden", "this channel is not open to this client", said);
    return std::nullopt;
}

} // namespace infra::realtime::detail
