#include <infra/realtime/signed_channel.hpp>

#include "../../base/src/keep_openssl.hpp"
#include "token_end.hpp"

#include <infra/base/encoding.hpp>
#include <infra/realtime/channel.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>

namespace infra::realtime {
namespace {

constexpr std::string_view version = "v1";
constexpr std::size_t min_key = 16;
constexpr std::size_t max_token = 80; // of version, 20 digits and 43 characters there are 67

using mac = std::array<unsigned char, 32>;

/// Digits, a name without control characters, then all the rest: no two terms make the same text.
std::string signed_text(std::string_view seconds, std::string_view channel, std::string_view user) {
    std::string text;
    for (const auto part : {version, seconds, channel})
        text.append(part).append(1, '\n');
    return text.append(user);
}

mac mac_of(std::string_view text, std::string_view key) {
    infra::detail::keep_openssl();
    mac result{};
    unsigned int size = 0;
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data()); // NOLINT
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), result.data(), &size))
        throw std::bad_alloc();
    return result;
}

std::string_view view_of_mac(const mac& m) noexcept {
    return {reinterpret_cast<const char*>(m.data()), m.size()}; // NOLINT
}

/// The token without its version.
struct parts {
    std::string_view seconds;
    std::string mac;
};

std::optional<parts> cut(std::string_view token) {
    if (token.size() > max_token || !token.starts_with("v1."))
        return std::nullopt;
    token.remove_prefix(3);
    const auto dot = token.find('.');
    if (dot == std::string_view::npos)
        return std::nullopt;
    const auto seconds = token.substr(0, dot);
    auto decoded = encoding::base64url_decode(token.substr(dot + 1));
    if (!decoded || decoded->size() != mac{}.size() ||
        !std::ranges::all_of(seconds, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    return parts{seconds, std::move(*decoded)};
}

// Goes on after a match, so that the time says nothing of which key it was.
bool is_signed(const parts& token, std::string_view channel, std::string_view user, std::span<const std::string> keys) {
    bool good = false;
    for (const auto& key : keys) {
        for (const auto whose : {user, std::string_view()}) {
            const auto expected = mac_of(signed_text(token.seconds, channel, whose), key);
            good |= CRYPTO_memcmp(expected.data(), token.mac.data(), expected.size()) == 0;
        }
    }
    return good;
}

// Empty: not in our time.
std::optional<std::int64_t> end_in(std::string_view seconds) noexcept {
    std::int64_t until = 0;
    const auto read = std::from_chars(seconds.data(), seconds.data() + seconds.size(), until);
    constexpr std::int64_t ours = 9'000'000'000; // a wall_time counts nanoseconds
    return read.ec == std::errc() && until < ours ? std::optional(until) : std::nullopt;
}

bool is_over(std::string_view seconds, wall_time now) noexcept {
    const auto until = end_in(seconds);
    return until && std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count() >= *until;
}

// How long a name may be, the hub says.
bool is_name(std::string_view channel) noexcept { return is_channel_name(channel, channel.size()); }

std::string seconds_of(const signed_channel& terms) {
    if (!terms.expires_at)
        return {};
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*terms.expires_at).time_since_epoch().count();
    return std::to_string(std::max<std::int64_t>(seconds, 0));
}

} // namespace

std::optional<wall_time> detail::end_of_token(std::string_view token) noexcept try {
    const auto given = cut(token);
    const auto until = given ? end_in(given->seconds) : std::nullopt;
    return until ? std::optional(wall_time(std::chrono::seconds(*until))) : std::nullopt;
} catch (...) { // no memory: as if it were over
    return wall_time();
}

std::string sign_channel(std::string_view channel, std::string_view key, const signed_channel& terms) {
    if (key.size() < min_key)
        throw std::invalid_argument("sign_channel: the key must be at least 16 bytes long");
    if (!is_name(channel))
        throw std::invalid_argument(
            "sign_channel: the channel must be UTF-8 without control characters, and not empty");
    const auto seconds = seconds_of(terms);
    const auto signature = mac_of(signed_text(seconds, channel, terms.user), key);
    return std::string(version) + "." + seconds + "." + encoding::base64url_encode(view_of_mac(signature));
}

signature_verdict check_channel(std::string_view channel, std::string_view user, std::string_view token,
                                std::span<const std::string> keys, wall_time now) noexcept try {
    const auto given = cut(token);
    if (!given || !is_name(channel))
        return signature_verdict::malformed;
    if (!is_signed(*given, channel, user, keys))
        return signature_verdict::wrong;
    return is_over(given->seconds, now) ? signature_verdict::expired : signature_verdict::good;
} catch (...) { // no memory: nothing is proved
    return signature_verdict::wrong;
}

} // namespace infra::realtime
