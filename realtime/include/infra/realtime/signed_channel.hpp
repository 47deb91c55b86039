#pragma once

/// Channel names that carry their permission: who has one may subscribe, without a question to a database.
///
///     auto token = sign_channel("orders:17", key, {.user = "anna", .expires_at = wall_now + 1h});     // into the page
///     // browser:  realtime.subscribe("orders:17", {token})
///
/// The token is `v1.<unix seconds or empty>.<HMAC-SHA256, base64url without padding>` of the text
/// "v1\n<the same seconds>\n<channel>\n<user or empty>", so that a service in any language can sign. It is no secret channel: it names
/// nothing that the client does not know.

#include <infra/base/time.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace infra::realtime {

struct signed_channel {
    std::string user{};                    ///< only for this one; empty: for whoever has it
    std::optional<wall_time> expires_at{}; ///< empty: never
};

/// Throws std::invalid_argument for a key of fewer than 16 bytes or a bad channel name.
std::string sign_channel(std::string_view channel, std::string_view key, const signed_channel& terms = {});

/// `wrong`: for another channel or user, or by a key that is none of ours. Only what is signed can be `expired`.
enum class signature_verdict : std::uint8_t { good, malformed, wrong, expired };
/// Any of the keys will do, so that a new one can be put first while the old one is still out. Compares in constant time.
signature_verdict check_channel(std::string_view channel, std::string_view user, std::string_view token,
                                std::span<const std::string> keys, wall_time now) noexcept;

} // namespace infra::realtime
