#include <infra/realtime/error.hpp>

#include <utility>

namespace infra::realtime {

std::string_view to_string(close_code c) noexcept {
    switch (c) {
    case close_code::normal: return "normal";
    case close_code::going_away: return "going_away";
    case close_code::protocol_error: return "protocol_error";
    case close_code::unsupported_data: return "unsupported_data";
    case close_code::no_status: return "no_status";
    case close_code::abnormal: return "abnormal";
    case close_code::invalid_payload: return "invalid_payload";
    case close_code::policy_violation: return "policy_violation";
    case close_code::too_big: return "too_big";
    case close_code::internal_error: return "internal_error";
    case close_code::service_restart: return "service_restart";
    case close_code::try_again_later: return "try_again_later";
    case close_code::shutdown: return "shutdown";
    case close_code::slow: return "slow";
    case close_code::no_pong: return "no_pong";
    case close_code::token_expired: return "token_expired";
    case close_code::lost_place: return "lost_place";
    case close_code::unauthorized: return "unauthorized";
    case close_code::forbidden: return "forbidden";
    case close_code::too_many_messages: return "too_many_messages";
    case close_code::too_many_connections: return "too_many_connections";
    case close_code::bad_message: return "bad_message";
    case close_code::disconnected: return "disconnected";
    case close_code::replaced: return "replaced";
    }
    return "other";
}

bool may_reconnect(close_code c) noexcept {
    const auto code = static_cast<std::uint16_t>(c);
    if (code >= 4000)
        return code < 4500;
    return c == close_code::going_away || c == close_code::no_status || c == close_code::abnormal ||
           c == close_code::internal_error || c == close_code::service_restart || c == close_code::try_again_later;
}

bool is_sendable(std::uint16_t code) noexcept {
    if (code >= 3000)
        return code < 5000;
    return code >= 1000 && code <= 1013 && code != 1004 && code != 1005 && code != 1006;
}

const boost::system::error_category& realtime_category() noexcept {
    static constexpr std::string_view messages[] = {
        "there is no such client",
        "the client may not do this",
        "the message is too large",
        "the client has gone before it answered",
        "the other side answered with an error",
        "the signed name is not ours or too old",
    };
    static const table_category category("infra.realtime", messages);
    return category;
}

failure::failure(std::string name, std::string sentence)
    : error(errc::failed, std::move(sentence)), name_(std::move(name)) {}

} // namespace infra::realtime
