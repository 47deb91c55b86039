#include "authenticate.hpp"

#include "../hub/hub_state.hpp"
#include "conversation.hpp"
#include "handshake.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/realtime/session.hpp>

#include <boost/asio/error.hpp>

#include <exception>
#include <utility>

namespace infra::realtime {
namespace detail {

awaitable<identity> ask_who(const hub_options& options, handshake from) {
    if (!options.authenticate)
        co_return identity{};
    if (options.authenticate.is_plain())
        co_return options.authenticate.now(std::move(from));
    auto& time = options.time ? *options.time : real_clock();
    co_return co_await with_deadline(options.authenticate.later(std::move(from)),
                                     deadline::after(options.limits.auth_time, time.steady()), time);
}

} // namespace detail

awaitable<identity> authenticate(hub at, handshake from) {
    detail::find_token(from);
    const bool may_prove_later = at.options().auth_by_message && from.token.empty();
    const auto address = from.remote_address;
    const auto& disconnected = detail::conversation::behind(at)->disconnected;
    const auto since = disconnected.count();
    std::exception_ptr refused;
    try {
        auto who = co_await detail::ask_who(at.options(), std::move(from));
        who.asked_after = since;
        if (!disconnected.has_been(who))
            co_return who;
        throw error(errc::forbidden, "this user was disconnected while the proof was looked at; let it connect again");
    } catch (...) {
        refused = std::current_exception();
    }
    if (code_of(refused) == asio::error::operation_aborted) // whoever asked has given up
        std::rethrow_exception(refused);
    if (may_prove_later)
        co_return identity{.proved = false};
    telemetry::log(level::warn, "realtime", "a client was refused",
                   {{"remote_address", address}, {"error", describe(refused)}});
    throw error(errc::forbidden, "the connection has not proved whose it is; sign in, and connect again");
}

} // namespace infra::realtime
