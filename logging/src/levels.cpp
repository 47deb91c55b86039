#include <infra/logging/levels.hpp>

#include <algorithm>

namespace infra::logging {
namespace {

bool covers(std::string_view rule, std::string_view module) noexcept {
    return module.starts_with(rule) && (module.size() == rule.size() || module[rule.size()] == '.');
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool same_word(std::string_view word, std::string_view lower) noexcept {
    return std::ranges::equal(word, lower, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

void set(level_rules& rules, std::string_view module, level l) {
    const auto found = std::ranges::find(rules.modules, module, &std::pair<std::string, level>::first);
    if (found != rules.modules.end())
        found->second = l;
    else
        rules.modules.emplace_back(module, l);
}

} // namespace

level level_rules::of(std::string_view module) const noexcept {
    std::string_view longest;
    level found = fallback;
    for (const auto& [rule, l] : modules)
        if (rule.size() >= longest.size() && covers(rule, module)) {
            longest = rule;
            found = l;
        }
    return found;
}

std::optional<level> parse_level(std::string_view word) noexcept {
    for (const auto each : {level::debug, level::info, level::warn, level::error})
        if (same_word(word, to_string(each)))
            return each;
    return std::nullopt;
}

parsed_levels parse_levels(std::string_view text) {
    parsed_levels parsed;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto entry = trim(text.substr(0, text.find(',')));
        text.remove_prefix(std::min(text.size(), text.find(',') == text.npos ? text.size() : text.find(',') + 1));
        if (entry.empty())
            continue;
        const auto equals = entry.rfind('=');
        const auto module = equals == entry.npos ? std::string_view() : trim(entry.substr(0, equals));
        const auto read = parse_level(trim(equals == entry.npos ? entry : entry.substr(equals + 1)));
        if (!read)
            parsed.problems.push_back("entry " + std::to_string(number) +
                                      " names no level; use debug, info, warn or error (info is used)");
        if (module.empty())
            parsed.rules.fallback = read.value_or(level::info);
        else
            set(parsed.rules, module, read.value_or(level::info));
    }
    return parsed;
}

} // namespace infra::logging
