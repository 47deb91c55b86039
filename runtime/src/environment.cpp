#include <infra/runtime/environment_layers.hpp>

#include <infra/base/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <mutex>
#include <span>

#include <unistd.h>

namespace infra {
namespace {

[[noreturn]] void misconfigured(std::string_view name, const std::string& problem) {
    throw error(errc::misconfigured, std::string(name) + ": " + problem);
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (problem != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return number;
}

// A secret mounted as a file. What the file holds is never repeated; its name may be.
std::string contents_of(std::string_view variable, const std::string& path) {
    constexpr std::size_t limit = 64 * 1024;
    std::ifstream file(path, std::ios::binary);
    if (!file)
        misconfigured(variable, "cannot read the file " + path + "; check that it exists and may be read");
    std::string text(limit + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (file.bad())
        misconfigured(variable, "cannot read " + path + "; check that it is a file");
    if (text.size() > limit)
        misconfigured(variable, "the file " + path + " is larger than 64 KiB");
    if (text.ends_with('\n'))
        text.pop_back();
    if (text.ends_with('\r'))
        text.pop_back();
    if (text.empty())
        misconfigured(variable, "the file " + path + " is empty");
    return text;
}

struct unit {
    std::string_view suffix;
    std::int64_t factor;
};

// `<whole number><suffix>`; empty when no unit fits, the number is negative or the product overflows.
std::optional<std::int64_t> with_unit(std::string_view text, std::span<const unit> units) noexcept {
    const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = whole_number(text.substr(0, digits));
    if (!number)
        return std::nullopt;
    const auto found = std::ranges::find(units, text.substr(digits), &unit::suffix);
    std::int64_t product = 0;
    if (found == units.end() || __builtin_mul_overflow(*number, found->factor, &product))
        return std::nullopt;
    return product;
}

constexpr std::string_view file_suffix = "_FILE";

bool is_set(const environment::variables& in, const std::string& name) {
    const auto found = in.find(name);
    return found != in.end() && !found->second.empty();
}

struct lower_environment {
    std::mutex mutex;
    environment values; // guarded by mutex
};

lower_environment& beneath_process() {
    static auto& only = *new lower_environment; // whoever reads variables at the end of the process finds it
    return only;
}

environment started_with() {
    environment::variables values;
    for (char** each = environ; each && *each; ++each) {
        const std::string_view entry(*each);
        const auto equals = entry.find('=');
        if (equals != std::string_view::npos && equals > 0)
            values.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    }
    return environment(std::move(values));
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
    static constexpr std::array<unit, 5> units{
        {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
    const auto ms = with_unit(text, units);
    return ms ? std::optional(std::chrono::milliseconds(*ms)) : std::nullopt;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept {
    static constexpr std::array<unit, 5> units{{{"", 1}, {"b", 1}, {"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}}};
    const auto bytes = with_unit(text, units);
    return bytes ? std::optional(static_cast<std::uint64_t>(*bytes)) : std::nullopt;
}

environment environment::of_process() {
    const std::scoped_lock lock(beneath_process().mutex);
    return over(started_with(), beneath_process().values);
}

std::optional<std::string> environment::get(std::string_view name) const {
    const auto set = [this](const std::string& key) {
        const auto found = values_.find(key);
        return found != values_.end() && !found->second.empty() ? &found->second : nullptr;
    };
    const auto* value = set(std::string(name));
    const std::string file_variable = std::string(name) + "_FILE";
    const auto* file = set(file_variable);
    if (value && file)
        misconfigured(name, "both " + std::string(name) + " and " + file_variable + " are set; keep one");
    if (value)
        return *value;
    return file ? std::optional(contents_of(file_variable, *file)) : std::nullopt;
}

std::string environment::get_or(std::string_view name, std::string_view fallback) const {
    auto value = get(name);
    return value ? std::move(*value) : std::string(fallback);
}

std::int64_t environment::integer(std::string_view name, std::int64_t fallback, std::int64_t lowest,
                                  std::int64_t highest) const {
    const auto text = get(name);
    if (!text)
        return fallback;
    const auto number = whole_number(*text);
    if (!number || *number < lowest || *number > highest)
        misconfigured(name,
                      "expected a whole number from " + std::to_string(lowest) + " to " + std::to_string(highest));
    return *number;
}

bool environment::boolean(std::string_view name, bool fallback) const {
    const auto text = get(name);
    if (!text)
        return fallback;
    const auto word = lower(*text);
    if (word == "true" || word == "1" || word == "yes" || word == "on")
        return true;
    if (word == "false" || word == "0" || word == "no" || word == "off")
        return false;
    misconfigured(name, "expected true or false");
}

std::chrono::milliseconds environment::duration(std::string_view name, std::chrono::milliseconds fallback) const {
    const auto text = get(name);
    if (!text)
        return fallback;
    const auto parsed = parse_duration(lower(*text));
    if (!parsed)
        misconfigured(name, "expected a duration such as 250ms, 25s, 5m, 2h or 7d");
    return *parsed;
}

std::uint64_t environment::bytes(std::string_view name, std::uint64_t fallback) const {
    const auto text = get(name);
    if (!text)
        return fallback;
    const auto parsed = parse_bytes(lower(*text));
    if (!parsed)
        misconfigured(name, "expected a size such as 65536, 64kb, 10mb or 2gb");
    return *parsed;
}

void set_beneath_process(environment lower) {
    const std::scoped_lock lock(beneath_process().mutex);
    beneath_process().values = std::move(lower);
}

environment over(const environment& upper, const environment& lower) {
    auto all = upper.all();
    for (const auto& [name, value] : lower.all()) {
        const auto variable = name.ends_with(file_suffix) ? name.substr(0, name.size() - file_suffix.size()) : name;
        const bool is_said = is_set(upper.all(), name) || is_set(upper.all(), variable) ||
                             is_set(upper.all(), variable + std::string(file_suffix));
        if (!is_said)
            all.insert_or_assign(name, value);
    }
    return environment(std::move(all));
}

} // namespace infra
