#include "handshake.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::realtime {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blank = " \t";
    const auto begin = std::min(text.find_first_not_of(blank), text.size());
    return text.substr(begin, text.find_last_not_of(blank) + 1 - begin);
}

/// The first of the pieces between `separator`s that `matches` gives something for.
template <class Match>
auto first_piece(std::string_view text, char separator, Match matches) -> decltype(matches(text)) {
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (auto found = matches(text.substr(0, end)))
            return found;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return {};
}

std::optional<std::string_view> value_of_cookie(std::string_view pair, std::string_view name) noexcept {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name)
        return std::nullopt;
    auto value = trimmed(pair.substr(equals + 1));
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
        value = value.substr(1, value.size() - 2);
    return value;
}

std::optional<std::string> value_of_parameter(std::string_view pair, std::string_view name) {
    const auto equals = std::min(pair.find('='), pair.size());
    if (encoding::form_decode(pair.substr(0, equals)) != name)
        return std::nullopt;
    return encoding::form_decode(pair.substr(std::min(equals + 1, pair.size())));
}

std::optional<std::string_view> token_in(std::string_view subprotocol) noexcept {
    const auto name = trimmed(subprotocol);
    return name.starts_with("token.") ? std::optional(name.substr(6)) : std::nullopt;
}

} // namespace

std::string_view to_string(action a) noexcept {
    switch (a) {
    case action::subscribe: return "subscribe";
    case action::publish: return "publish";
    case action::presence: return "presence";
    case action::history: return "history";
    }
    return "other";
}

std::optional<std::string_view> handshake::cookie(std::string_view name) const noexcept try {
    for (const auto field : headers.get_all("cookie")) {
        const auto found =
            first_piece(field, ';', [name](std::string_view pair) { return value_of_cookie(pair, name); });
        if (found)
            return found;
    }
    return std::nullopt;
} catch (...) { // no memory
    return std::nullopt;
}

std::optional<std::string> handshake::parameter(std::string_view name) const {
    return first_piece(query, '&', [name](std::string_view pair) { return value_of_parameter(pair, name); });
}

namespace detail {

void find_token(handshake& from) {
    if (const auto chosen = token_in(from.subprotocol)) {
        from.token = *chosen;
        from.subprotocol.clear();
    }
    for (const auto offered : from.headers.get_all("sec-websocket-protocol"))
        if (const auto token = first_piece(offered, ',', token_in); token && from.token.empty())
            from.token = *token;
}

} // namespace detail

} // namespace infra::realtime
