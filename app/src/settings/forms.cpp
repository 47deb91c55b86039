#include "forms.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/logging/levels.hpp>

#include <algorithm>
#include <charconv>

namespace infra::app {
namespace settings {
namespace {

bool is_number(std::string_view text, std::int64_t lowest, std::int64_t highest) noexcept {
    double number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc() && end == text.data() + text.size() && number >= static_cast<double>(lowest) &&
           number <= static_cast<double>(highest);
}

bool is_url(std::string_view text) noexcept {
    return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

bool is_long_enough(const setting& of, const std::string& value) {
    if (of.kind != setting_kind::list)
        return value.size() >= static_cast<std::size_t>(of.lowest);
    return std::ranges::all_of(
        list_of(value), [&of](const std::string& item) { return item.size() >= static_cast<std::size_t>(of.lowest); });
}

bool has_form(const setting& of, const std::string& value) {
    switch (of.kind) {
    case setting_kind::number: return is_number(value, of.lowest, of.highest);
    case setting_kind::choice: return std::ranges::count(list_of(of.choices), value) > 0;
    case setting_kind::url: return is_url(value);
    case setting_kind::levels: return logging::parse_levels(value).problems.empty();
    default: return !of.secret || is_long_enough(of, value);
    }
}

std::string problem_of_words(const setting& of, const environment& variables) {
    const auto value = variables.get(of.name);
    if (!value || has_form(of, *value))
        return {};
    return std::string(of.name) + ": expected " + expected_form(of);
}

} // namespace

std::string form_problem(const setting& of, const environment& variables) {
    try {
        if (of.kind == setting_kind::integer)
            variables.integer(of.name, 0, of.lowest, of.highest);
        else if (of.kind == setting_kind::duration)
            variables.duration(of.name, {});
        else if (of.kind == setting_kind::bytes)
            variables.bytes(of.name, 0);
        else if (of.kind == setting_kind::boolean)
            variables.boolean(of.name, false);
        else
            return problem_of_words(of, variables);
    } catch (const error& e) {
        return e.what();
    }
    return {};
}

std::string shown(const setting& of, const std::string& value) {
    if (of.secret)
        return "(set)";
    if (of.kind != setting_kind::url)
        return value;
    std::string text; // EMAIL_URL names several
    for (std::size_t at = 0; at < value.size();) {
        const auto end = std::min(value.find(' ', at), value.size());
        if (end > at)
            text.append(text.empty() ? "" : " ").append(encoding::shown_url(value.substr(at, end - at)));
        at = end + 1;
    }
    return text;
}

std::vector<std::string> list_of(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        auto item = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        item.remove_prefix(std::min(item.find_first_not_of(" \t"), item.size()));
        item.remove_suffix(item.size() - (item.find_last_not_of(" \t") + 1));
        if (!item.empty())
            items.emplace_back(item);
    }
    return items;
}

} // namespace settings

std::string expected_form(const setting& of) {
    const auto range = "from " + std::to_string(of.lowest) + " to " + std::to_string(of.highest);
    switch (of.kind) {
    case setting_kind::integer: return "a whole number " + range;
    case setting_kind::number: return "a number " + range;
    case setting_kind::duration: return "a duration such as 250ms, 25s, 5m, 2h or 7d";
    case setting_kind::bytes: return "a size such as 65536, 64kb, 10mb or 2gb";
    case setting_kind::boolean: return "true or false";
    case setting_kind::choice:
        return (of.choices.find(',') == std::string_view::npos ? "" : "one of ") + std::string(of.choices);
    case setting_kind::levels: return "debug, info, warn or error, or module=level, with commas between";
    case setting_kind::url:
        return of.choices.empty() ? "a URL" : "a URL that begins with one of " + std::string(of.choices);
    case setting_kind::path: return "the path of a file or folder";
    case setting_kind::list:
        return of.secret && of.lowest > 0
                   ? "secrets of at least " + std::to_string(of.lowest) + " bytes that nobody can guess"
                   : "items with commas between";
    case setting_kind::text: break;
    }
    return of.secret && of.lowest > 0 ? "at least " + std::to_string(of.lowest) + " bytes that nobody can guess"
                                      : "text";
}

} // namespace infra::app
