#include <infra/email/address.hpp>

#include "ascii.hpp"

#include <optional>

namespace infra::email {
namespace {

// RFC 5322 section 3.2.3.
constexpr bool is_atext(char c) noexcept {
    return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) noexcept {
    bool after_dot = true; // neither at the beginning nor twice
    for (const char c : text) {
        if (c == '.' ? after_dot : !is_atext(c))
            return false;
        after_dot = c == '.';
    }
    return !after_dot;
}

bool is_label(std::string_view label) noexcept {
    return !label.empty() && label.size() <= 63 && is_letter_or_digit(label.front()) &&
           is_letter_or_digit(label.back()) &&
           std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// The last label has a letter: 1.2.3.4 is no domain.
bool is_domain(std::string_view domain) noexcept {
    if (domain.size() > 253)
        return false;
    std::size_t labels = 0;
    while (true) {
        const auto dot = domain.find('.');
        const auto label = domain.substr(0, dot);
        if (!is_label(label))
            return false;
        ++labels;
        if (dot == std::string_view::npos)
            return labels >= 2 && std::ranges::any_of(label, is_letter);
        domain.remove_prefix(dot + 1);
    }
}

// "Lee, \"Ann\"" without its quotes and backslashes; nothing if that is not one quoted string.
std::optional<std::string> unquoted(std::string_view name) {
    std::string plain;
    for (std::size_t i = 1; i < name.size(); ++i) {
        if (name[i] == '"')
            return i + 1 == name.size() ? std::optional(plain) : std::nullopt;
        if (name[i] == '\\' && i + 1 < name.size())
            ++i;
        plain += name[i];
    }
    return std::nullopt;
}

// RFC 5322 section 3.2.5, and the dots of "Dr. Who", which everybody writes. The specials stand in quotes only: unquoted they
// would be the borders of other addresses.
std::optional<std::string> name_in(std::string_view phrase) {
    if (phrase.starts_with('"'))
        return unquoted(phrase);
    if (phrase.find_first_of("()<>[]:;@\\,\"") != std::string_view::npos)
        return std::nullopt;
    return std::string(phrase);
}

} // namespace

address address::named(std::string_view name, std::string_view email) {
    return address(parts{std::string(name), std::string(email)});
}

address::parts address::from_text(std::string_view text) {
    text = trimmed(text, " \t");
    const auto open = text.rfind('<');
    if (open != std::string_view::npos && text.ends_with('>'))
        if (auto name = name_in(trimmed(text.substr(0, open), " \t")))
            return {std::move(*name), std::string(text.substr(open + 1, text.size() - open - 2))};
    return {{}, std::string(text)}; // one that is not valid, unless it is an address alone
}

bool is_valid_address(std::string_view email) noexcept {
    const auto at = email.rfind('@');
    if (email.size() > 254 || at == std::string_view::npos || at > 64)
        return false;
    return is_dot_atom(email.substr(0, at)) && is_domain(email.substr(at + 1));
}

} // namespace infra::email
