#include "names.hpp"

#include <algorithm>
#include <array>

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

// requestCount, HTTPRequests -> request_count, httprequests
std::string snake_case(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (is_upper(c) && !out.empty() && (is_lower(out.back()) || is_digit(out.back())))
            out += '_';
        out += is_upper(c) ? static_cast<char>(c + 32) : c;
    }
    return out;
}

struct unit {
    std::string_view suffix;
    std::string_view base;
    double multiply;
    double divide;
};

constexpr unit units[] = {
    {"_ms", "_seconds", 1, 1e3},
    {"_millis", "_seconds", 1, 1e3},
    {"_milliseconds", "_seconds", 1, 1e3},
    {"_us", "_seconds", 1, 1e6},
    {"_micros", "_seconds", 1, 1e6},
    {"_microseconds", "_seconds", 1, 1e6},
    {"_ns", "_seconds", 1, 1e9},
    {"_nanos", "_seconds", 1, 1e9},
    {"_nanoseconds", "_seconds", 1, 1e9},
    {"_s", "_seconds", 1, 1},
    {"_sec", "_seconds", 1, 1},
    {"_secs", "_seconds", 1, 1},
    {"_minutes", "_seconds", 60, 1},
    {"_hours", "_seconds", 3600, 1},
    {"_days", "_seconds", 86400, 1},
    {"_b", "_bytes", 1, 1},
    {"_kb", "_bytes", 1024, 1},
    {"_kilobytes", "_bytes", 1024, 1},
    {"_mb", "_bytes", 1048576, 1},
    {"_megabytes", "_bytes", 1048576, 1},
    {"_gb", "_bytes", 1073741824, 1},
    {"_gigabytes", "_bytes", 1073741824, 1},
};

constexpr std::array seconds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0};
constexpr std::array milliseconds{5.0,   10.0,  25.0, 50.0,   75.0,   100.0,  250.0,
                                  500.0, 750.0, 1e3,  2500.0, 5000.0, 7500.0, 1e4};
constexpr std::array bytes{256.0,    1024.0,    4096.0,    16384.0,    65536.0,
                           262144.0, 1048576.0, 4194304.0, 16777216.0, 67108864.0};
constexpr std::array ratio{0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0};
constexpr std::array numbers{0.0,   5.0,   10.0,   25.0,   50.0,   75.0,   100.0, 250.0,
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
    exposed_metric out{.name = snake_case(name)};
    strip_suffix(out.name, "_total");
    if (type == metric_type::gauge) // suffixes that belong to histograms
        for (const auto* suffix : {"_count", "_sum", "_bucket"})
            strip_suffix(out.name, suffix);
    for (const auto& each : units)
        if (strip_suffix(out.name, each.suffix)) {
            out.name += each.base;
            out.multiply = each.multiply;
            out.divide = each.divide;
            break;
        }
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
        return seconds;
    if (name.ends_with("_ms") || name.ends_with("_milliseconds"))
        return milliseconds;
    if (name.ends_with("_bytes"))
        return bytes;
    if (name.ends_with("_ratio"))
        return ratio;
    return numbers;
}

std::string default_help(std::string_view name) {
    auto words = snake_case(name);
    strip_suffix(words, "_total");
    std::ranges::replace(words, '_', ' ');
    words.erase(0, words.find_first_not_of(' '));
    if (!words.empty() && is_lower(words.front()))
        words.front() = static_cast<char>(words.front() - 32);
    return words + ".";
}

} // namespace infra::monitoring::detail
