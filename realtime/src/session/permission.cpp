#include "../hub/hub_state.hpp"
#include "../token_end.hpp"
#include "answers.hpp"
#include "authenticate.hpp"
#include "conversation.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/realtime/signed_channel.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace infra::realtime::detail {
namespace {

constexpr std::string_view not_allowed = "this client may not do this";

void log_refusal(const hub_state& at, const client& who, std::string_view what, std::exception_ptr why) {
    telemetry::log(level::warn, "realtime", what,
                   {{"hub", at.options.name}, {"client", who.id}, {"error", describe(why)}});
}

} // namespace

// --- what it may do ---

bool conversation::is_opened_by_token(hub_state& at, const client_message& said) const {
    const auto& keys = at.options.signing_keys;
    if (said.token.empty() || keys.empty())
        return false;
    const auto who = at.identity_of(me_);
    return check_channel(said.what.channel, who ? who->user : std::string(), said.token, keys, at.time().wall()) ==
           signature_verdict::good;
}

rest conversation::attach_by_token(const hub_pointer& at, client_message said) {
    forget_name(*at, said.what.channel);
    if (const auto until = end_of_token(said.token))
        close_name_at(*at, saturating_add(at->time().steady(), saturating_sub(*until, at->time().wall())),
                      said.what.channel);
    return attach(at, std::move(said));
}

rest conversation::attach_by_permission(const hub_pointer& at, client_message said) {
    forget_name(*at, said.what.channel);
    return attach(at, std::move(said));
}

rest conversation::ask(const hub_pointer& at, action what, client_message said, action_function then) {
    const auto& authorize = at->options.authorize;
    if (!is_channel_name(said.what.channel, at->options.limits.max_channel_name)) {
        refuse(*at, "bad_message", no_channel_name, said);
        return std::nullopt;
    }
    const auto who = at->identity_of(me_);
    access_request asked{me_.id, who ? *who : identity{}, what, said.what.channel, said.token};
    if (authorize && !authorize.is_plain())
        return ask_later(shared_from_this(), at, std::move(asked), std::move(said), then);
    bool allowed = false;
    try {
        allowed = authorize && authorize.now(std::move(asked));
    } catch (...) {
        log_refusal(*at, me_, "hub_options::authorize has failed", std::current_exception());
    }
    if (allowed)
        return (this->*then)(at, std::move(said));
    refuse(*at, "forbidden", not_allowed, said);
    return std::nullopt;
}

awaitable<void> conversation::ask_later(self_pointer self, hub_pointer at, access_request asked, client_message said,
                                        action_function then) {
    bool allowed = false;
    try {
        allowed =
            co_await with_deadline(at->options.authorize.later(std::move(asked)),
                                   deadline::after(at->options.limits.auth_time, at->time().steady()), at->time());
    } catch (...) {
        log_refusal(*at, self->me_, "hub_options::authorize has failed", std::current_exception());
    }
    if (!allowed)
        self->refuse(*at, "forbidden", not_allowed, said);
    else if (auto more = (self.get()->*then)(at, std::move(said)))
        co_await std::move(*more);
}

// --- who it is ---

rest conversation::authenticate(const hub_pointer& at, client_message said) {
    return authenticate_later(shared_from_this(), at, std::move(said));
}

awaitable<void> conversation::authenticate_later(self_pointer self, hub_pointer at, client_message said) {
    auto& me = self->me_;
    std::optional<identity> is;
    const auto since = at->disconnected.count();
    try {
        is = co_await ask_who(at->options, {.remote_address = me.address, .token = std::move(said.token)});
    } catch (...) {
        log_refusal(*at, me, "a token was refused", std::current_exception());
    }
    if (!is)
        co_return self->shut(*at, close_code::unauthorized, "the token proves nothing");
    is->asked_after = since;
    auto channels = std::exchange(is->channels, {});
    const bool was_stranger = !self->proved_;
    if (!self->take_identity(at, std::move(*is), said.ref))
        co_return;
    if (was_stranger)
        co_await settle_in(self, at, std::move(channels));
    else
        co_await subscribe_to(self, at, std::move(channels));
}

bool conversation::take_identity(const hub_pointer& at, identity is, const std::string& ref) {
    const auto was = at->identity_of(me_);
    if (!is_open())
        return false;
    if (proved_ && was && was->user != is.user) {
        shut(*at, close_code::unauthorized, "a connection stays its user's");
        return false;
    }
    const auto expires_at = is.expires_at;
    is.proved = true;
    message done{.type = "authenticated"};
    if (!is.user.empty())
        done.data = {{"user", is.user}};
    if (!at->set_identity(me(), std::move(is))) {
        shut(*at, close_code::too_many_connections, "this user has as many connections as one may have");
        return false;
    }
    if (at->disconnected.has_been(*at->identity_of(me_))) { // now that disconnect_user would find it
        shut(*at, close_code::disconnected, "this user was disconnected meanwhile");
        return false;
    }
    proved_ = true;
    forget_ending(*at);
    if (expires_at)
        end_at(*at, ending::kind::token,
               saturating_add(at->time().steady(), saturating_sub(*expires_at, at->time().wall())));
    answer(*at, done, ref);
    return true;
}

awaitable<void> conversation::subscribe_to(self_pointer self, hub_pointer at, std::vector<std::string> channels) {
    for (const auto& each : channels) {
        if (!is_channel_name(each, at->options.limits.max_channel_name)) {
            telemetry::log(level::warn, "realtime", "an identity brings a channel that has no name to be one",
                           {{"hub", at->options.name}, {"client", self->me_.id}});
            continue;
        }
        try {
            if (auto more = self->attach(at, {.what = {.channel = each}}))
                co_await std::move(*more);
        } catch (...) {
            self->explain(*at, std::current_exception(), each, {});
        }
    }
}

// --- until when ---

void conversation::end_at(hub_state& at, ending::kind what, steady_time when) {
    ending_ = std::make_shared<ending>(weak_from_this(), at.executor_of(me_), what, when);
    at.ends.add(when, ending_);
}

void conversation::forget_ending(hub_state& at) noexcept {
    if (ending_)
        at.ends.remove(ending_->when, *ending_);
    ending_.reset();
}

void conversation::close_name_at(hub_state& at, steady_time when, const std::string& channel) {
    if (!names_)
        names_ = std::make_unique<std::map<std::string, std::shared_ptr<ending>>>();
    auto& mine = (*names_)[channel];
    mine = std::make_shared<ending>(weak_from_this(), at.executor_of(me_), ending::kind::name, when, channel);
    at.ends.add(when, mine);
}

void conversation::forget_name(hub_state& at, const std::string& channel) noexcept {
    if (!names_)
        return;
    if (const auto mine = names_->extract(channel))
        at.ends.remove(mine.mapped()->when, *mine.mapped());
    if (names_->empty())
        names_.reset();
}

void conversation::name_is_over(const hub_pointer& at, const ending& which) {
    const auto& channel = which.channel;
    const auto mine = names_ ? names_->find(channel) : decltype(names_->end())();
    if (!names_ || mine == names_->end() || mine->second.get() != &which)
        return;
    forget_name(*at, channel);
    if (busy_) // it may be about to be subscribed
        return close_name_at(*at, saturating_add(at->time().steady(), std::chrono::seconds(1)), channel);
    if (at->is_subscribed(me_, channel))
        at->detach(me(), channel,
                   answers_ ? answer_frame({.type = "unsubscribed", .channel = channel, .data = {{"code", "expired"}}})
                            : frame(),
                   true);
}

void ending::time_is_up() noexcept {
    gate_->pass([this] {
        asio::post(on_, [self = shared_from_this()] {
            if (const auto whose = self->of_.lock())
                whose->time_is_up(*self);
        });
    });
}

void conversation::time_is_up(const ending& which) {
    const auto at = hub_.lock();
    if (!at || !is_open())
        return;
    if (which.what == ending::kind::name)
        return name_is_over(at, which);
    if (&which != ending_.get())
        return;
    const auto what = which.what;
    forget_ending(*at);
    const auto within = at->options.limits.auth_time;
    switch (what) {
    case ending::kind::proof: return shut(*at, close_code::unauthorized, "who this is was not proved in time");
    case ending::kind::grace: return shut(*at, close_code::token_expired, "the token has expired; come with a new one");
    case ending::kind::name: return;
    case ending::kind::token: break;
    }
    end_at(*at, ending::kind::grace, saturating_add(at->time().steady(), within));
    answer(*at, {.type = "refresh", .data = {{"within", within.count()}}}, {});
}

} // namespace infra::realtime::detail
