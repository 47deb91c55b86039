#include <infra/email/address.hpp>

namespace infra::email {
namespace {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alnum(char c) noexcept { return is_letter(c) || is_digit(c); }

// RFC 5322 section 3.2.3.
constexpr bool is_atext(char c) noexcept {
    return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
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
    return !label.empty() && label.size() <= 63 && is_alnum(label.front()) && is_alnum(label.back()) &&
           std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-'; });
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

std::string_view trimmed(std::string_view text) noexcept {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// "Lee, \"Ann\"" without its quotes and backslashes.
std::string unquoted(std::string_view name) {
    if (name.size() < 2 || name.front() != '"' || name.back() != '"')
        return std::string(name);
    std::string plain;
    const auto inner = name.substr(1, name.size() - 2);
    for (std::size_t i = 0; i < inner.size(); ++i) {
        if (inner[i] == '\\' && i + 1 < inner.size())
            ++i;
        plain += inner[i];
    }
    return plain;
}

} // namespace

address address::named(std::string_view name, std::string_view email) {
    return address(parts{std::string(name), std::string(email)});
}

address::parts address::from_text(std::string_view text) {
    text = trimmed(text);
    const auto open = text.rfind('<');
    if (open == std::string_view::npos || !text.ends_with('>'))
        return {{}, std::string(text)};
    return {unquoted(trimmed(text.substr(0, open))), std::string(text.substr(open + 1, text.size() - open - 2))};
}

bool is_valid_address(std::string_view email) noexcept {
    const auto at = email.rfind('@');
    if (at == std::string_view::npos || at > 64)
        return false;
    return is_dot_atom(email.substr(0, at)) && is_domain(email.substr(at + 1));
}

} // namespace infra::email
