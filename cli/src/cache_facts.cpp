#include "cache.hpp"
#include "printable.hpp"

#include <infra/cache/options.hpp>

#include <array>
#include <charconv>
#include <cstdio>

namespace infra::cli {
namespace {

std::string shown_bytes(std::uint64_t bytes) {
    constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    auto amount = static_cast<double>(bytes);
    for (; amount >= 1024 && unit + 1 < units.size(); ++unit)
        amount /= 1024;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount, units[unit]);
    return text.data();
}

std::string shown_hits(const server_facts& f) {
    const auto all = f.hits + f.misses;
    if (all == 0)
        return "nobody has asked yet";
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.1f %% of %llu reads",
                  100.0 * static_cast<double>(f.hits) / static_cast<double>(all), static_cast<unsigned long long>(all));
    return text.data();
}

} // namespace

std::string shown_ttl(std::chrono::milliseconds left) {
    using namespace std::chrono;
    if (left == cache::forever)
        return "without an end";
    if (left < 1s)
        return std::to_string(left.count()) + "ms";
    constexpr std::array<std::pair<seconds, const char*>, 4> units{
        {{days(1), "d"}, {hours(1), "h"}, {minutes(1), "m"}, {seconds(1), "s"}}};
    std::string text;
    auto rest = duration_cast<seconds>(left);
    for (int shown = 0; const auto& [unit, name] : units) {
        if (const auto n = rest / unit; n > 0 && shown < 2) {
            text += (text.empty() ? "" : " ") + std::to_string(n) + name;
            ++shown;
        }
        rest %= unit;
    }
    return text;
}

std::string escaped_pattern(std::string_view literal) {
    std::string safe;
    for (const char c : literal) {
        if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\')
            safe += '\\';
        safe += c;
    }
    return safe;
}

std::string_view info_field(std::string_view info, std::string_view name) {
    const auto mark = std::string(name) + ":";
    for (std::size_t begin = 0; begin < info.size();) {
        const auto end = std::min(info.find('\n', begin), info.size());
        auto line = info.substr(begin, end - begin);
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.starts_with(mark))
            return line.substr(mark.size());
        begin = end + 1;
    }
    return {};
}

std::uint64_t info_number(std::string_view info, std::string_view name) {
    const auto digits = info_field(info, name);
    std::uint64_t n = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), n);
    return n;
}

server_facts facts_from(std::string_view info) {
    return {.version = std::string(info_field(info, "redis_version")),
            .used_memory = info_number(info, "used_memory"),
            .max_memory = info_number(info, "maxmemory"),
            .eviction_policy = std::string(info_field(info, "maxmemory_policy")),
            .hits = info_number(info, "keyspace_hits"),
            .misses = info_number(info, "keyspace_misses"),
            .evicted = info_number(info, "evicted_keys"),
            .expired = info_number(info, "expired_keys"),
            .clients = info_number(info, "connected_clients")};
}

server_facts sum_of(const std::vector<server_facts>& all) {
    server_facts sum;
    for (const auto& each : all) {
        sum.version = each.version;
        sum.eviction_policy = each.eviction_policy;
        sum.keys += each.keys;
        sum.used_memory += each.used_memory;
        sum.max_memory += each.max_memory;
        sum.hits += each.hits;
        sum.misses += each.misses;
        sum.evicted += each.evicted;
        sum.expired += each.expired;
        sum.clients += each.clients;
    }
    return sum;
}

std::string text_of(const server_facts& f) {
    const auto bound = f.max_memory > 0 ? shown_bytes(f.max_memory) + ", " + f.eviction_policy : "no bound";
    return "redis    " + printable(f.version) + "\nkeys     " + std::to_string(f.keys) + "\nmemory   " +
           shown_bytes(f.used_memory) + " (" + printable(bound) + ")\nhits     " + shown_hits(f) + "\nevicted  " +
           std::to_string(f.evicted) + "\nexpired  " + std::to_string(f.expired) + "\nclients  " +
           std::to_string(f.clients);
}

json::value document_of(const server_facts& f) {
    return {{"version", f.version},
            {"keys", f.keys},
            {"used_memory", f.used_memory},
            {"max_memory", f.max_memory},
            {"eviction_policy", f.eviction_policy},
            {"hits", f.hits},
            {"misses", f.misses},
            {"evicted", f.evicted},
            {"expired", f.expired},
            {"clients", f.clients}};
}

} // namespace infra::cli
