#include "locate.hpp"

#include "../ascii.hpp"

#include <infra/base/error.hpp>

#include <algorithm>

namespace infra::email {
namespace {

constexpr char upper_letter(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

template <class Accept>
bool is_joined(std::string_view text, char separator, std::size_t longest, Accept accept) {
    if (text.size() > longest)
        return false;
    while (true) {
        const auto end = text.find(separator);
        const auto piece = text.substr(0, end);
        if (piece.empty() || !accept(piece))
            return false;
        if (end == std::string_view::npos)
            return true;
        text.remove_prefix(end + 1);
    }
}

bool is_template_name(std::string_view name) {
    return is_joined(name, '/', 128, [](std::string_view piece) {
        return std::ranges::all_of(piece, [](char c) { return is_letter_or_digit(c) || c == '_' || c == '-'; });
    });
}

// RFC 5646, its outer form: "pt", "pt-BR", "zh-Hant-TW".
bool is_locale(std::string_view locale) {
    return is_joined(locale, '-', 35, [](std::string_view piece) {
        return piece.size() <= 8 && std::ranges::all_of(piece, is_letter_or_digit);
    });
}

// As files are named by custom: pt-BR, zh-Hant; "pt_br" of a POSIX locale means the same.
std::string canonical(std::string_view locale) {
    std::string made(locale);
    std::ranges::replace(made, '_', '-');
    for (std::size_t begin = 0; begin < made.size();) {
        const auto end = std::min(made.find('-', begin), made.size());
        for (auto i = begin; i < end; ++i) {
            const bool region = begin > 0 && end - begin == 2;
            const bool script = begin > 0 && end - begin == 4 && i == begin;
            made[i] = region || script ? upper_letter(made[i]) : lower_letter(made[i]);
        }
        begin = end + 1;
    }
    return made;
}

void require_name(bool holds, std::string_view what, std::string_view rule) {
    if (!holds) // the text is not repeated: it may come from a request
        throw error(infra::errc::invalid_input, std::string(what) + " must be " + std::string(rule));
}

} // namespace

std::vector<candidate> candidates(std::string_view name, std::string_view locale) {
    require_name(is_template_name(name), "a template's name",
                 "letters, digits, '_' and '-', in parts separated by '/', 128 characters at most");
    const auto wanted = canonical(locale);
    require_name(wanted.empty() || is_locale(wanted), "a locale", "a language tag such as pt or pt-BR");
    const auto file = std::string(name) + ".md";
    std::vector<candidate> all;
    const auto add = [&](const std::string& of) {
        candidate made{of.empty() ? file : of + "/" + file, of};
        if (std::ranges::find(all, made) == all.end())
            all.push_back(std::move(made));
    };
    if (wanted.empty())
        add("");
    for (auto rest = wanted; !rest.empty(); rest.resize(rest.find('-') == std::string::npos ? 0 : rest.rfind('-')))
        add(rest);
    add("en");
    add("");
    return all;
}

std::string layout_path(std::string_view layout) {
    require_name(is_template_name(layout), "a layout's name",
                 "letters, digits, '_' and '-', in parts separated by '/', 128 characters at most");
    return "layouts/" + std::string(layout) + ".html";
}

} // namespace infra::email
