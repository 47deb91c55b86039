#include "handshake_rules.hpp"

#include "origin.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::realtime::websocket {
namespace {

constexpr std::string_view token_prefix = "token.";

std::string_view trimmed(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The members of a comma-separated header, of all fields of that name.
std::vector<std::string_view> members(const http::request& asked, std::string_view name) {
    std::vector<std::string_view> all;
    for (auto field : asked.headers().get_all(name))
        while (!field.empty()) {
            const auto comma = std::min(field.find(','), field.size());
            if (const auto member = trimmed(field.substr(0, comma)); !member.empty())
                all.push_back(member);
            field.remove_prefix(std::min(comma + 1, field.size()));
        }
    return all;
}

bool equals_without_case(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

// 16 bytes in base64.
bool is_key(std::string_view key) {
    const auto bytes = encoding::base64_decode(key);
    return bytes && bytes->size() == 16;
}

http::response upgrade_required(std::string_view sentence) {
    auto made = http::response::error(426, "upgrade_required", sentence);
    made.headers.append("Upgrade", "websocket");
    made.headers.append("Sec-WebSocket-Version", "13");
    return made;
}

bool is_of_the_handshake_only(std::string_view name) noexcept {
    constexpr std::string_view prefix = "sec-websocket-";
    return (name.size() > prefix.size() && equals_without_case(name.substr(0, prefix.size()), prefix)) ||
           equals_without_case(name, "connection") || equals_without_case(name, "upgrade");
}

} // namespace

std::optional<http::response> refuse_malformed(const http::request& asked) {
    if (std::ranges::none_of(members(asked, "Upgrade"),
                             [](auto each) { return equals_without_case(each, "websocket"); }))
        return upgrade_required("this is spoken to over a WebSocket: ask for Upgrade: websocket");
    if (asked.headers().get_all("Sec-WebSocket-Version").size() != 1 || asked.header("Sec-WebSocket-Version") != "13")
        return upgrade_required("only version 13 of the WebSocket protocol is spoken here");
    const auto keys = asked.headers().get_all("Sec-WebSocket-Key");
    if (keys.empty())
        return http::response::error(400, "bad_handshake", "the handshake has no Sec-WebSocket-Key");
    if (keys.size() > 1 || !is_key(keys.front()))
        return http::response::error(400, "bad_handshake", "Sec-WebSocket-Key must be 16 bytes in base64, once");
    return std::nullopt;
}

std::optional<http::response> refuse_origin(const http::request& asked, const std::vector<std::string>& allowed,
                                            bool allow_no_origin) {
    const auto origins = asked.headers().get_all("Origin");
    if (origins.empty() && allow_no_origin)
        return std::nullopt;
    if (origins.empty())
        return http::response::error(403, "no_origin",
                                     "only pages may connect, and the handshake names none: it has no Origin");
    if (origins.size() == 1 &&
        is_allowed_origin(origins.front(), allowed, {.scheme = asked.scheme(), .host = asked.host()}))
        return std::nullopt;
    return http::response::error(403, "foreign_origin", "pages of this origin may not connect");
}

http::response refuse_for_now(std::string_view code, std::string_view sentence, int seconds) {
    auto made = http::response::error(503, code, sentence);
    made.headers.append("Retry-After", std::to_string(seconds));
    return made;
}

std::string choose_subprotocol(const http::request& asked, const std::vector<std::string>& ours) {
    const auto theirs = members(asked, "Sec-WebSocket-Protocol");
    const auto chosen = std::ranges::find_if(
        ours, [&](const std::string& each) { return std::ranges::find(theirs, each) != theirs.end(); });
    return chosen == ours.end() ? std::string() : *chosen;
}

realtime::handshake describe_handshake(const http::request& asked, std::string subprotocol) {
    realtime::handshake made{.path = std::string(asked.path()),
                             .query = std::string(asked.query_string()),
                             .remote_address = asked.remote_address(),
                             .subprotocol = std::move(subprotocol)};
    for (const auto [name, value] : asked.headers())
        if (!is_of_the_handshake_only(name))
            made.headers.append(name, value);
    for (const auto each : members(asked, "Sec-WebSocket-Protocol"))
        if (each.starts_with(token_prefix) && made.token.empty())
            made.token = each.substr(token_prefix.size());
    return made;
}

} // namespace infra::realtime::websocket
