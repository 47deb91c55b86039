#include "conversation.hpp"

#include "../hub/hub_state.hpp"
#include "answers.hpp"
#include "received.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace infra::realtime {
namespace detail {
namespace {

/// 88 random bits in 15 characters, which a std::string holds without memory of its own.
client_id new_client_id() {
    std::array<std::byte, 11> bytes{};
    random_bytes(bytes);
    return encoding::base64url_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); // NOLINT
}

// One may be a mistake; whoever goes on speaks another protocol.
constexpr std::uint8_t most_bad_in_a_row = 10;

std::size_t max_waiting_bytes(const hub_limits& limits) noexcept { return 4 * limits.max_message_bytes; }

/// Of a user: as many times one client's as it may say more.
rate of_user(const hub_limits& limits) noexcept {
    const auto times = limits.messages_per_second_per_user / limits.messages_per_second;
    return {limits.messages_per_second_per_user, std::max(1.0, times * static_cast<double>(limits.message_burst))};
}

} // namespace

conversation::conversation(const hub_pointer& at, std::shared_ptr<connection> to, handshake from,
                           session_options options)
    : hub_(at), read_on_(std::move(options.read_on)), answers_(options.answers) {
    me_.id = new_client_id();
    me_.socket = std::move(to);
    me_.address = std::move(from.remote_address);
    me_.transport = options.transport;
}

bool conversation::begin(const hub_pointer& at, identity brought, std::chrono::milliseconds ping) {
    busy_ = true;
    proved_ = brought.proved;
    auto channels = std::exchange(brought.channels, {});
    const auto expires_at = brought.expires_at;
    const auto user = brought.user;
    if (!user.empty() || !brought.info.is_null() || expires_at || !proved_) // nobody in particular needs no memory
        me_.who = std::make_shared<const identity>(std::move(brought));
    me_.session = shared_from_this();
    if (const auto refused = at->admit(me())) {
        me_.session.reset();
        me_.socket->close(*refused, "the hub has as many connections as it takes, or this user or address has");
        return false;
    }
    if (me_.who && at->disconnected.has_been(*me_.who)) { // now that disconnect_user would find it
        at->remove(me(), close_code::disconnected);
        me_.socket->close(close_code::disconnected, "this user was disconnected meanwhile");
        return false;
    }
    if (!proved_)
        end_at(*at, ending::kind::proof, saturating_add(at->time().steady(), at->options.limits.auth_time));
    else if (expires_at)
        end_at(*at, ending::kind::token,
               saturating_add(at->time().steady(), saturating_sub(*expires_at, at->time().wall())));
    answer(*at, welcome(me_.id, user, ping), {});
    if (!proved_)
        go_on(at, std::nullopt);
    else if (channels.empty())
        go_on(at, tell(at->handlers.now()->connected, me_.id, close_code::normal, patience_in(*at)));
    else
        go_on(at, settle_in(shared_from_this(), at, std::move(channels)));
    return true;
}

awaitable<void> conversation::settle_in(self_pointer self, hub_pointer at, std::vector<std::string> channels) {
    co_await subscribe_to(self, at, std::move(channels));
    if (auto more = tell(at->handlers.now()->connected, self->me_.id, close_code::normal, self->patience_in(*at)))
        co_await std::move(*more);
}

// --- turns ---

bool conversation::receive(std::string_view text) {
    const auto self = shared_from_this(); // a handler may end it, and its transport let go of it
    const auto at = hub_.lock();
    if (!at || !is_open())
        return false;
    if (ending_ && at->time().steady() >= ending_->when)
        time_is_up(*std::shared_ptr(ending_));
    if (!is_open())
        return false;
    if (!is_within_rate(*at))
        shut(*at, close_code::too_many_messages, "slow down");
    else if (std::exchange(busy_, true))
        return wait(*at, text);
    else
        go_on(at, handle(at, text));
    return is_open() && has_room();
}

bool conversation::is_within_rate(hub_state& at) {
    const auto& limits = at.options.limits;
    const auto now = at.time().steady();
    const rate mine{limits.messages_per_second, static_cast<double>(limits.message_burst)};
    if (!budget_.spend(now, mine))
        return false;
    const auto who = at.identity_of(me_);
    return !who || who->user.empty() || at.budgets.spend(who->user, now, of_user(limits));
}

// What answers a question of ours must not wait behind whoever asked it, and signs of life behind nobody.
bool conversation::wait(hub_state& at, std::string_view text) {
    auto read = parse_client_message(text);
    if (auto* const said = std::get_if<client_message>(&read); said && hear_at_once(at, *said))
        return has_room();
    if (!waiting_)
        waiting_ = std::make_unique<waiting_texts>();
    waiting_->texts.emplace_back(text);
    waiting_->bytes += text.size();
    const auto& limits = at.options.limits;
    waiting_->is_full = waiting_->is_full || waiting_->texts.size() >= limits.max_pending_messages ||
                        waiting_->bytes >= max_waiting_bytes(limits);
    if (waiting_->texts.size() >= 2 * limits.max_pending_messages || waiting_->bytes >= 2 * max_waiting_bytes(limits))
        shut(at, close_code::too_many_messages, "the transport goes on reading");
    return !waiting_->is_full;
}

std::optional<std::string> conversation::take_waiting(const hub_state& at) {
    if (!waiting_ || !is_open())
        return std::nullopt;
    auto text = std::move(waiting_->texts.front());
    waiting_->texts.erase(waiting_->texts.begin());
    waiting_->bytes -= text.size();
    const bool has_room = waiting_->texts.size() <= at.options.limits.max_pending_messages / 2 &&
                          waiting_->bytes <= max_waiting_bytes(at.options.limits) / 2;
    const bool read_on = waiting_->is_full && has_room;
    if (waiting_->texts.empty())
        waiting_.reset();
    else if (read_on)
        waiting_->is_full = false;
    if (read_on && read_on_)
        asio::post(hub_.lock()->executor_of(me_), read_on_); // not below what is at work
    return text;
}

void conversation::go_on(const hub_pointer& at, rest with) {
    auto more = with ? std::move(with) : next(at);
    if (more)
        asio::co_spawn(at->executor_of(me_), work(shared_from_this(), at, std::move(*more)), asio::detached);
}

/// Handles what waits, until that takes a coroutine or nothing waits.
rest conversation::next(const hub_pointer& at) {
    while (const auto text = take_waiting(*at))
        if (auto more = handle(at, *text))
            return more;
    busy_ = false;
    if (gone_ && proved_) // whoever was not is nobody's news
        return tell(at->handlers.now()->disconnected, me_.id, left_with_, patience_in(*at));
    return std::nullopt;
}

awaitable<void> conversation::work(self_pointer self, hub_pointer at, awaitable<void> first) {
    rest more = std::move(first);
    while (more) {
        co_await std::move(*more);
        if (!self->busy_) // those who hear of its end have heard
            co_return;
        more = self->next(at);
    }
}

// --- ends ---

void conversation::ended(close_code code) {
    const auto self = shared_from_this();
    shut_ = true;
    if (const auto at = hub_.lock())
        at->remove(me(), code);
}

// Without a group this is the thread of whoever has removed it.
void conversation::removed(close_code code) noexcept {
    const auto at = hub_.lock();
    if (!at)
        return;
    if (me_.socket->group())
        return leave(at, code);
    at->run_on_loop_of(me_, [self = shared_from_this(), code] {
        if (const auto hub = self->hub_.lock())
            self->leave(hub, code);
    });
}

void conversation::leave(const hub_pointer& at, close_code code) {
    gone_ = true;
    left_with_ = code;
    waiting_.reset();
    forget_ending(*at);
    while (names_)
        forget_name(*at, names_->begin()->first);
    if (!std::exchange(busy_, true))
        go_on(at, std::nullopt);
}

void conversation::shut(hub_state& at, close_code code, std::string_view why) {
    shut_ = true;
    at.close(me(), code, why);
}

// --- one message ---

rest conversation::handle(const hub_pointer& at, std::string_view text) {
    auto read = parse_client_message(text);
    if (auto* const said = std::get_if<client_message>(&read)) {
        bad_in_a_row_ = 0;
        if (hear_at_once(*at, *said))
            return std::nullopt;
        count_received(said->what.type);
        return handle(at, std::move(*said));
    }
    const auto& bad = std::get<bad_message>(read);
    count_received("bad");
    refuse(*at, "bad_message", bad.why, {.ref = bad.ref});
    if (++bad_in_a_row_ >= most_bad_in_a_row)
        shut(*at, close_code::bad_message, bad.why);
    return std::nullopt;
}

rest conversation::handle(const hub_pointer& at, client_message said) {
    const auto act = action_for(said.what.type);
    if (!proved_ && act != &conversation::authenticate) {
        refuse(*at, "forbidden", "say who you are first: auth", said);
        return std::nullopt;
    }
    auto channel = said.what.channel;
    auto ref = said.ref;
    try {
        auto more = (this->*act)(at, std::move(said));
        if (more)
            return with_errors(shared_from_this(), at, std::move(*more), std::move(channel), std::move(ref));
    } catch (...) {
        explain(*at, std::current_exception(), channel, ref);
    }
    return std::nullopt;
}

awaitable<void> conversation::with_errors(self_pointer self, hub_pointer at, awaitable<void> act, std::string channel,
                                          std::string ref) {
    try {
        co_await std::move(act);
    } catch (...) {
        self->explain(*at, std::current_exception(), channel, ref);
    }
}

// --- answers ---

void conversation::say(hub_state& at, frame what) {
    if (answers_)
        at.send(me(), std::move(what), true);
}

void conversation::answer(hub_state& at, const message& m, std::string_view ref) { say(at, answer_frame(m, ref)); }

void conversation::refuse(hub_state& at, std::string_view code, std::string_view sentence, const client_message& said) {
    count_error(code);
    say(at, error_frame(code, sentence, said.what.channel, said.ref));
}

/// What was thrown, as far as it is the client's business.
void conversation::explain(hub_state& at, std::exception_ptr why, const std::string& channel, const std::string& ref) {
    const client_message said{.what = {.channel = channel}, .ref = ref};
    const auto code = code_of(why);
    try {
        std::rethrow_exception(why);
    } catch (const failure& f) {
        return refuse(at, f.name(), f.what(), said);
    } catch (...) {
        telemetry::log(level::error, "realtime", "a client's message could not be handled",
                       {{"hub", at.options.name}, {"client", me_.id}, {"error", describe(why)}});
    }
    if (code == infra::errc::unavailable || code == infra::errc::overloaded || code == infra::errc::timed_out)
        return refuse(at, "unavailable", "this cannot be done now; try again later", said);
    refuse(at, "internal", "something went wrong here", said);
}

} // namespace detail

std::shared_ptr<session> session::open(hub at, std::shared_ptr<connection> to, handshake from, identity who,
                                       session_options options) {
    const auto ping = options.ping;
    const auto made =
        std::make_shared<detail::conversation>(at.state_, std::move(to), std::move(from), std::move(options));
    if (!made->begin(at.state_, std::move(who), ping))
        return nullptr;
    return {made, &made->face};
}

bool session::receive(std::string_view text) { return its_.receive(text); }

void session::ended(close_code code) { its_.ended(code); }

const client_id& session::id() const noexcept { return its_.id(); }

} // namespace infra::realtime
