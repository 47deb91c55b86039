#include "names.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <vector>

namespace infra::monitoring::detail {
namespace {

constexpr std::size_t max_name_bytes = 200;

constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) noexcept { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_'; }

bool strip_suffix(std::string& name, std::string_view suffix) {
    if (name.size() <= suffix.size() || !name.ends_with(suffix))
        return false;
    name.resize(name.size() - suffix.size());
    return true;
}

// requestCount, rule:x -> request_count, rule_x; HTTPRequests -> httprequests
std::string snake_case(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (is_upper(c) && !out.empty() && (is_lower(out.back()) || is_digit(out.back())))
            out += '_';
        out += is_upper(c) ? static_cast<char>(c + 32) : c == ':' ? '_' : c;
    }
    return out;
}

using words = std::vector<std::string>;

words split(std::string_view name) {
    words out;
    for (std::size_t at = 0; at < name.size();) {
        const auto end = std::min(name.find('_', at), name.size());
        if (end > at)
            out.emplace_back(name.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

std::string join(const words& all) {
    std::string out;
    for (const auto& each : all)
        out.append(out.empty() ? "" : "_").append(each);
    return out;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> list) noexcept {
    return std::ranges::find(list, word) != list.end();
}

// --- units: Prometheus wants base units, spelled out ---

struct unit {
    std::string_view word;
    std::string_view base;
    double multiply = 1;
    double divide = 1;
};

constexpr std::string_view base_units[] = {"amperes", "bytes",  "celsius", "grams",   "joules",
                                           "kelvin",  "meters", "metres",  "seconds", "volts"};

constexpr double k = 1024; // of bytes

constexpr unit other_units[] = {
    {"ms", "seconds", 1, 1e3},
    {"millis", "seconds", 1, 1e3},
    {"us", "seconds", 1, 1e6},
    {"micros", "seconds", 1, 1e6},
    {"ns", "seconds", 1, 1e9},
    {"nanos", "seconds", 1, 1e9},
    {"sec", "seconds"},
    {"secs", "seconds"},
    {"minutes", "seconds", 60},
    {"hours", "seconds", 3600},
    {"days", "seconds", 86400},
    {"weeks", "seconds", 604800},
    {"kb", "bytes", k},
    {"mb", "bytes", k* k},
    {"gb", "bytes", k* k* k},
    {"tb", "bytes", k* k* k* k},
    {"pb", "bytes", k* k* k* k* k},
    {"bits", "bytes", 1, 8},
    {"kelvins", "kelvin"},
    {"inches", "meters", 0.0254},
    {"yards", "meters", 0.9144},
    {"miles", "meters", 1609.344},
    {"calories", "joules", 4.184},
    {"pounds", "grams", 453.59237},
    {"ounces", "grams", 28.349523125},
};

struct prefix {
    std::string_view word;
    double multiply = 1;
    double divide = 1;
    double of_bytes = 1; // instead of multiply
};

constexpr prefix prefixes[] = {
    {"pico", 1, 1e12},
    {"nano", 1, 1e9},
    {"micro", 1, 1e6},
    {"milli", 1, 1e3},
    {"centi", 1, 100},
    {"deci", 1, 10},
    {"deca", 10, 1, 10},
    {"hecto", 100, 1, 100},
    {"kilo", 1e3, 1, k},
    {"kibi", k, 1, k},
    {"mega", 1e6, 1, k* k},
    {"mibi", k* k, 1, k* k},
    {"mebi", k* k, 1, k* k},
    {"giga", 1e9, 1, k* k* k},
    {"gibi", k* k* k, 1, k* k* k},
    {"tera", 1e12, 1, k* k* k* k},
    {"tebi", k* k* k* k, 1, k* k* k* k},
    {"peta", 1e15, 1, k* k* k* k* k},
    {"pebi", k* k* k* k* k, 1, k* k* k* k* k},
};

std::optional<unit> unprefixed_unit(std::string_view word) noexcept {
    for (const auto base : base_units)
        if (word == base)
            return unit{word, base};
    for (const auto& each : other_units)
        if (word == each.word)
            return each;
    return std::nullopt;
}

std::optional<unit> unit_of(std::string_view word) noexcept {
    if (const auto found = unprefixed_unit(word))
        return found;
    for (const auto& each : prefixes) {
        if (!word.starts_with(each.word))
            continue;
        const auto rest = unprefixed_unit(word.substr(each.word.size()));
        if (rest && rest->word.size() > 3) // words only: no `kiloms`
            return unit{word, rest->base, rest->multiply * (rest->word == "bytes" ? each.of_bytes : each.multiply),
                        rest->divide * each.divide};
    }
    return std::nullopt;
}

// What Prometheus' lint takes for a unit wherever it stands after an underscore.
bool is_abbreviation(std::string_view word) noexcept {
    return is_one_of(word, {"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"});
}

// Their zero is elsewhere, so no factor converts them.
bool is_degree(std::string_view word) noexcept {
    for (const auto& each : prefixes)
        if (word.starts_with(each.word))
            word.remove_prefix(each.word.size());
    return word == "fahrenheit" || word == "rankine";
}

void merge_with_previous(words& all, std::size_t at) {
    all[at - 1] += all[at];
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(at));
}

// The unit that a word stands for where it stands. A single letter is one at the end only, and only where it is clear.
std::optional<unit> unit_at(const words& all, std::size_t i) noexcept {
    if (i > 0 && i + 1 == all.size() && all[i] == "s")
        return unit{"s", "seconds"};
    if (i > 0 && i + 1 == all.size() && all[i] == "b")
        return unit{"b", "bytes"};
    return i == 0 && is_abbreviation(all[i]) ? std::nullopt : unit_of(all[i]);
}

// The first unit becomes a base unit, and the value with it. What would be taken for a second one, or for one that it is
// not, loses its underscore: `x_m_y` becomes `xm_y`.
void use_base_unit(words& all, exposed_metric& out) {
    bool found = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto known = unit_at(all, i);
        if (known && !found) {
            found = true;
            if (known->word == known->base)
                continue;
            out.multiply = known->multiply;
            out.divide = known->divide;
            if (i > 0 && all[i - 1] == "per") // requests_per_hours
                std::swap(out.multiply, out.divide);
            all[i] = known->base;
        } else if (i > 0 && ((known && known->word != known->base) || is_abbreviation(all[i]) || is_degree(all[i]))) {
            merge_with_previous(all, i--);
        } else if (is_degree(all[i])) {
            all[i] += "s";
        }
    }
}

// Suffixes that belong to other types, and the names of types.
void drop_reserved_words(words& all, metric_type type) {
    const auto reserved = [type](std::string_view word) {
        return word == "total" || (type == metric_type::gauge && is_one_of(word, {"bucket", "count", "sum"}));
    };
    while (all.size() > 1 && reserved(all.back()))
        all.pop_back();
    for (std::size_t i = all.size(); i-- > 1;)
        if (is_one_of(all[i], {"counter", "gauge", "histogram", "summary"}))
            merge_with_previous(all, i);
}

constexpr std::array bounds_in_seconds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0};
constexpr std::array bounds_in_milliseconds{5.0,   10.0,  25.0, 50.0,   75.0,   100.0,  250.0,
                                            500.0, 750.0, 1e3,  2500.0, 5000.0, 7500.0, 1e4};
constexpr std::array bounds_in_bytes{256.0,    1024.0,    4096.0,    16384.0,    65536.0,
                                     262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0};
constexpr std::array bounds_of_ratios{0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0};
constexpr std::array bounds_of_numbers{0.0,   5.0,   10.0,   25.0,   50.0,   75.0,   100.0, 250.0,
                                       500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 1e4};

} // namespace

bool is_metric_name(std::string_view name) noexcept {
    const auto fits = [](char c) { return is_word(c) || c == ':'; };
    return !name.empty() && name.size() <= max_name_bytes && !is_digit(name.front()) && std::ranges::all_of(name, fits);
}

bool is_label_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= max_name_bytes && !is_digit(name.front()) &&
           std::ranges::all_of(name, is_word) && !name.starts_with("__") && name != "le" && name != "quantile";
}

exposed_metric exposed_as(std::string_view name, metric_type type) {
    exposed_metric out;
    auto all = split(snake_case(name));
    for (std::size_t before = 0; before != all.size();) { // what goes may bring another such word to the end
        before = all.size();
        drop_reserved_words(all, type);
        use_base_unit(all, out);
    }
    out.name = join(all);
    if (out.name.empty() || is_digit(out.name.front()))
        out.name.insert(0, "_");
    if (type == metric_type::counter)
        out.name += "_total";
    return out;
}

std::vector<std::string> occupied_names(std::string_view exposed, metric_type type) {
    const std::string name(exposed);
    switch (type) {
    case metric_type::counter: {
        auto family = name; // OpenMetrics names the family without _total
        strip_suffix(family, "_total");
        return {family, name, family + "_created"};
    }
    case metric_type::gauge: return {name};
    case metric_type::histogram: return {name, name + "_bucket", name + "_count", name + "_sum", name + "_created"};
    }
    return {};
}

std::span<const double> default_buckets(std::string_view name) noexcept {
    if (name.ends_with("_seconds"))
        return bounds_in_seconds;
    if (name.ends_with("_ms") || name.ends_with("_milliseconds"))
        return bounds_in_milliseconds;
    if (name.ends_with("_bytes"))
        return bounds_in_bytes;
    if (name.ends_with("_ratio"))
        return bounds_of_ratios;
    return bounds_of_numbers;
}

std::string default_help(std::string_view name) {
    auto text = snake_case(name);
    strip_suffix(text, "_total");
    std::ranges::replace(text, '_', ' ');
    text.erase(0, text.find_first_not_of(' '));
    if (!text.empty() && is_lower(text.front()))
        text.front() = static_cast<char>(text.front() - 32);
    return text + ".";
}

std::string exposed_label(std::string_view name) { return snake_case(name); }

bool is_camel_case(std::string_view name) noexcept {
    return std::ranges::adjacent_find(name, [](char a, char b) { return is_lower(a) && is_upper(b); }) != name.end();
}

} // namespace infra::monitoring::detail
