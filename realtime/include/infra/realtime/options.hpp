#pragma once

/// What a hub is told: limits, rules and the two questions it asks.
///
///     realtime::hub hub({
///         .channels = {{"room:*", {.history = {.size = 100}, .presence = true}}},
///         .authenticate = [](realtime::handshake h) -> awaitable<realtime::identity> {
///             co_return realtime::identity{.user = co_await user_of(h.cookie("session"))};
///         },
///         .authorize = [](realtime::access_request a) { return a.channel.starts_with("room:") && !a.who.user.empty(); },
///     });

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/http_message.hpp>
#include <infra/base/json.hpp>
#include <infra/realtime/broker.hpp>
#include <infra/realtime/channel.hpp>
#include <infra/realtime/message.hpp>
#include <infra/realtime/presence.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace infra::realtime {

/// What a connection brings when it asks to come in. A token comes as a WebSocket subprotocol `token.<…>`, which unlike a query is in no
/// log, or in an `auth` message; then there is nothing here but it and the address: what came with the upgrade is not kept.
struct handshake {
    http::headers headers{};
    std::string path{};
    std::string query{}; ///< as sent
    std::string remote_address{};
    std::string subprotocol{}; ///< a token in a subprotocol "token.…" is in `token`, not here
    std::string token{};

    std::optional<std::string_view> cookie(std::string_view name) const noexcept; ///< as sent; the first of this name
    std::optional<std::string> parameter(std::string_view name) const;            ///< of the query, decoded; the first
};

/// Who somebody is.
struct identity {
    std::string user{}; ///< empty: nobody in particular
    json::value info{}; ///< what presence tells others
    std::optional<wall_time>
        expires_at{}; ///< then the client is asked for a new token, and after `auth_time` closed with token_expired
    std::vector<std::string> channels{}; ///< subscribed at once, without being asked for
    /// False: hub_options::auth_by_message. Until then the client may say nothing but `auth` and `ping`, hears no broadcast, and no
    /// on_connect is told of it.
    bool proved = true;
    /// Set by authenticate() (session.hpp): how many users the hub had disconnected by then. Whoever was disconnected since is not let in.
    std::optional<std::uint64_t> asked_after{};
};

/// What somebody wants to do.
enum class action : std::uint8_t { subscribe, publish, presence, history };
std::string_view to_string(action a) noexcept;

struct access_request {
    client_id client{};
    identity who{};
    action what = action::subscribe;
    std::string channel{};
    std::string token{}; ///< a signed name is checked before (hub_options::signing_keys), and needs no hook
};

namespace detail {

/// A function that gives a value or an awaitable of one.
template <class Result, class Argument>
class hook {
public:
    hook() = default;
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, hook> && std::invocable<F&, Argument>)
    hook(F function) {
        if constexpr (std::convertible_to<std::invoke_result_t<F&, Argument>, Result>)
            plain_ = std::move(function);
        else
            coroutine_ = std::move(function);
    }
    explicit operator bool() const noexcept { return plain_ || coroutine_; }
    bool is_plain() const noexcept { return bool(plain_); }
    Result now(Argument a) const { return plain_(std::move(a)); } ///< only if is_plain()
    awaitable<Result> later(Argument a) const { return coroutine_(std::move(a)); }

private:
    std::function<Result(Argument)> plain_;
    std::function<awaitable<Result>(Argument)> coroutine_;
};

} // namespace detail

/// Throwing, or taking longer than hub_limits::auth_time, refuses: the client gets 401, or close_code::unauthorized. What was thrown goes to the
/// log. Asked again for each `auth` message; a connection stays its user's: another user's token closes it.
using authenticate_hook = detail::hook<identity, handshake>;
using authorize_hook = detail::hook<bool, access_request>;

/// Each at least 1.
struct hub_limits {
    std::size_t max_clients = 100'000;           ///< connected at once; one more is turned away
    std::size_t max_clients_per_user = 20;       ///< of one identity's user
    std::size_t max_clients_per_address = 1'000; ///< of one IPv4 address or IPv6 /64
    std::size_t max_channels_per_client = 128;   ///< subscribed at once
    std::size_t max_channel_name = 255;          ///< bytes
    std::size_t max_message_bytes = 64 * 1024;   ///< from a client, whole and inflated
    double messages_per_second = 50;             ///< of one client; over it: close_code::too_many_messages
    std::size_t message_burst = 200;             ///< both hold also for pings, pongs and empty fragments together
    double messages_per_second_per_user = 200;   ///< over all connections of a user; the burst in proportion
    std::size_t max_pending_messages = 64; ///< of one client, received and not yet handled; then it is not read from
    std::size_t max_queue_bytes = 1024 * 1024;      ///< memory of what waits to be sent to one client; see overflow
    std::chrono::milliseconds auth_time{10'000};    ///< from the connection to an identity
    std::chrono::milliseconds handler_time{30'000}; ///< of a coroutine handler with one message; then it is cancelled
    std::size_t max_pending_requests = 10'000;      ///< hub::request to all clients; one more is errc::overloaded
    std::size_t max_recovered =
        300; ///< messages handed out when a client resumes; one more and it is told that it cannot
    std::size_t max_idempotency_keys = 10'000; ///< remembered; for five minutes each
    std::size_t max_channels = 1'000'000;      ///< with subscribers or a history; one more is errc::overloaded
};

struct hub_options {
    std::string name = "default";         ///< in metrics and logs
    std::vector<channel_rule> channels{}; ///< what holds for channels, by their names
    hub_limits limits{};                  ///< how much there may be of everything
    presence_options presence{};          ///< who is there
    authenticate_hook authenticate{};     ///< none: everybody comes in as nobody in particular
    /// For browsers without cookies: who brings no token, and is refused, is let in to send one in an `auth` message, within
    /// hub_limits::auth_time, or is closed with close_code::unauthorized.
    bool auth_by_message = false;
    /// None: a client's `subscribe` goes to the handlers of on_message, and holds if one of them subscribes it. Publishing by clients,
    /// presence and history are refused.
    authorize_hook authorize{};
    /// Secrets that signed channel names are checked with (sign_channel); any of them will do. At least 16 bytes each.
    std::vector<std::string> signing_keys{};
    std::shared_ptr<infra::realtime::broker> broker{}; ///< null: this process alone
    /// Where handlers run for clients without a group, and where the hub's own work is done; the default runtime's next loop.
    std::optional<executor> on{};
    infra::clock* time = nullptr; ///< null: the real one
};

} // namespace infra::realtime
