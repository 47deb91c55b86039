#include "scheme.hpp"

#include <algorithm>

namespace infra::email::preview {
namespace {

constexpr std::string_view feature = "prefers-color-scheme";
constexpr std::string_view always = "min-width:0", never = "max-width:0";

std::string_view without_blanks(std::string_view text) noexcept {
    return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

// Of ": dark" behind the feature's name; nothing if that is neither.
std::string_view word_after(std::string_view text) noexcept {
    text = without_blanks(text);
    if (!text.starts_with(':'))
        return {};
    text = without_blanks(text.substr(1));
    for (const std::string_view word : {"dark", "light"})
        if (text.starts_with(word))
            return text.substr(0, word.size());
    return {};
}

} // namespace

std::string in_scheme(std::string_view html, scheme wanted) {
    std::string made;
    made.reserve(html.size());
    for (auto at = html.find(feature); at != std::string_view::npos; at = html.find(feature)) {
        const auto rest = html.substr(at + feature.size());
        const auto word = word_after(rest);
        const auto taken =
            word.empty() ? at + feature.size() : static_cast<std::size_t>(word.data() + word.size() - html.data());
        made += html.substr(0, word.empty() ? taken : at);
        if (!word.empty())
            made += (word == "dark") == (wanted == scheme::dark) ? always : never;
        html.remove_prefix(taken);
    }
    return made.append(html);
}

} // namespace infra::email::preview
