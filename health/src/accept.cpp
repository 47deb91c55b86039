#include "accept.hpp"

#include "ascii.hpp"

#include <algorithm>
#include <charconv>

namespace infra::health::detail {
namespace {

bool same(std::string_view a, std::string_view b) noexcept { return std::ranges::equal(a, b, {}, lower, lower); }

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// What stands before the next `separator`; it is taken off `rest`.
std::string_view take(std::string_view& rest, char separator) noexcept {
    const auto end = std::min(rest.find(separator), rest.size());
    const auto part = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

/// From 0 to 1; what is no number counts as 0: whoever cannot say how much wants nothing.
double weight(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        auto value = take(parameters, ';');
        if (!same(take(value, '='), "q"))
            continue;
        double q = 0;
        const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), q);
        return failed == std::errc() && end == value.data() + value.size() && q >= 0 ? std::min(q, 1.0) : 0;
    }
    return 1;
}

/// The weight of the range that fits best: the type itself, then `application/*`, then `*/*`. -1 if none does.
double weight_of(std::string_view accept, std::initializer_list<std::string_view> ranges) noexcept {
    for (const auto range : ranges)
        for (auto rest = accept; !rest.empty();) {
            auto item = take(rest, ',');
            if (same(take(item, ';'), range))
                return weight(item);
        }
    return -1;
}

} // namespace

bool prefers_health_json(std::string_view accept) noexcept {
    const double health = weight_of(accept, {"application/health+json"});
    return health > 0 && health >= weight_of(accept, {"application/json", "application/*", "*/*"});
}

} // namespace infra::health::detail
