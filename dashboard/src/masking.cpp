#include "masking.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace infra::dashboard {
namespace {

constexpr std::array<std::string_view, 10> words{"password", "passwd",    "passphrase", "secret",     "token",
                                                 "apikey",   "accesskey", "privatekey", "credential", "cookie"};

std::string plain(std::string_view name) {
    std::string made;
    for (const char c : name)
        if (c != '_' && c != '-' && c != ' ')
            made += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return made;
}

// Behind the closing quotation mark of the string that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) noexcept {
    for (++at; at < text.size() && text[at] != '"'; ++at)
        if (text[at] == '\\')
            ++at;
    return std::min(at + 1, text.size());
}

bool is_name(std::string_view text, std::size_t end) noexcept {
    const auto next = text.find_first_not_of(" \t\r\n", end);
    return next != std::string_view::npos && text[next] == ':';
}

} // namespace

bool names_a_secret(std::string_view name) {
    const auto spelled = plain(name);
    return spelled == "authorization" ||
           std::ranges::any_of(words, [&](auto word) { return spelled.find(word) != std::string::npos; });
}

std::size_t mask_in(json::value& value) {
    std::size_t count = 0;
    if (value.is_array())
        for (auto& each : value.as_array())
            count += mask_in(each);
    if (!value.is_object())
        return count;
    for (auto& member : value.as_object()) {
        if (!names_a_secret(std::string_view(member.key()))) {
            count += mask_in(member.value());
            continue;
        }
        member.value() = json::value(mask);
        ++count;
    }
    return count;
}

std::string masked(std::string_view json) {
    std::string made;
    made.reserve(json.size());
    std::size_t depth = 0;
    std::optional<std::size_t> secret; // how deep its name stands: all of its value is one, whatever the names within
    for (std::size_t at = 0; at < json.size();) {
        if (json[at] != '"') {
            depth += std::string_view("{[").find(json[at]) != std::string_view::npos;
            depth -= depth > 0 && std::string_view("}]").find(json[at]) != std::string_view::npos;
            if (secret && depth < *secret)
                secret.reset();
            made += json[at++];
            continue;
        }
        const auto end = end_of_string(json, at);
        const auto text = json.substr(at, end - at);
        if (is_name(json, end)) {
            if (!secret || depth <= *secret)
                secret = names_a_secret(text.substr(1, text.size() - 2)) ? std::optional(depth) : std::nullopt;
            made += text;
        } else {
            made += secret ? "\"" + std::string(mask) + "\"" : std::string(text);
        }
        at = end;
    }
    return made;
}

void unmask(json::value& made, const json::value& from) {
    if (const auto* text = made.if_string(); text && std::string_view(*text) == mask) {
        made = from;
    } else if (made.is_object() && from.is_object()) {
        for (auto& each : made.as_object())
            if (const auto* before = from.as_object().if_contains(each.key()))
                unmask(each.value(), *before);
    } else if (made.is_array() && from.is_array()) {
        auto& list = made.as_array();
        for (std::size_t i = 0; i < std::min(list.size(), from.as_array().size()); ++i)
            unmask(list[i], from.as_array()[i]);
    }
}

} // namespace infra::dashboard
