#include "key_list.hpp"

#include <infra/base/with_deadline.hpp>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace infra::cache::redis_backend {
namespace {

constexpr std::size_t rounds = 20;              // of one page
constexpr std::size_t looked_at_a_round = 1000; // a fraction of a millisecond of the server

} // namespace

std::string pattern_of(std::string_view prefix) {
    std::string safe;
    for (const char c : prefix) {
        if (c == '*' || c == '?' || c == '[' || c == ']' || c == '\\')
            safe += '\\';
        safe += c;
    }
    return safe + '*';
}

scan_place place_of(std::string_view cursor) {
    if (cursor.empty())
        return {};
    scan_place made;
    const auto digits = std::min(cursor.find(':'), cursor.size());
    const auto [end, failed] = std::from_chars(cursor.data(), cursor.data() + digits, made.server);
    made.cursor = cursor.substr(std::min(digits + 1, cursor.size()));
    if (failed != std::errc() || end != cursor.data() + digits || made.cursor.empty() ||
        made.cursor.find_first_not_of("0123456789") != std::string::npos)
        throw error(infra::errc::invalid_input, "this is no cursor of a list of keys");
    return made;
}

std::string text_of(const scan_place& p) { return std::to_string(p.server) + ":" + p.cursor; }

awaitable<key_page> list_keys(std::shared_ptr<line> at, std::string prefix, std::string cursor, std::size_t limit) {
    using answer = std::pair<std::string, std::vector<std::string>>;
    auto place = place_of(cursor);
    auto asking = at->client().masters();
    const auto masters = co_await with_deadline(std::move(asking), deadline::after(at->options().timeout));
    const auto count = std::to_string(std::clamp<std::size_t>(limit, 100, looked_at_a_round));
    std::set<std::string> found;
    for (std::size_t i = 0; i < rounds && place.server < masters.size() && found.size() < limit; ++i) {
        auto [next, keys] = redis::to<answer>(co_await at->client().execute_at(
            masters[place.server], {"SCAN", place.cursor, "MATCH", pattern_of(prefix), "COUNT", count},
            deadline::after(at->options().timeout)));
        found.insert(keys.begin(), keys.end());
        place = next == "0" ? scan_place{.server = place.server + 1} : scan_place{place.server, std::move(next)};
    }
    key_page page{.keys = {found.begin(), found.end()}};
    if (place.server < masters.size())
        page.next = text_of(place);
    co_return page;
}

} // namespace infra::cache::redis_backend
