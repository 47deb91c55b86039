#include "near_miss.hpp"

#include <infra/app/settings.hpp>

#include <algorithm>
#include <array>

namespace infra::app::settings {
namespace {

// Other programs' own.
constexpr std::array<std::string_view, 3> of_others{"HTTP_PROXY", "MAIL_FROM", "SSL_CERT_FILES"};

bool are_swapped(std::string_view a, std::string_view b, std::size_t at) noexcept {
    return at + 1 < a.size() && a.size() == b.size() && a[at] == b[at + 1] && a[at + 1] == b[at] &&
           a.substr(at + 2) == b.substr(at + 2);
}

std::size_t first_difference(std::string_view a, std::string_view b) noexcept {
    return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

} // namespace

bool differ_by_one_slip(std::string_view a, std::string_view b) noexcept {
    if (a == b)
        return false;
    if (a.size() < b.size())
        std::swap(a, b);
    const auto at = first_difference(a, b);
    if (a.size() == b.size())
        return a.substr(at + 1) == b.substr(at + 1) || are_swapped(a, b, at);
    return a.size() == b.size() + 1 && a.substr(at + 1) == b.substr(at);
}

std::string_view meant_by(std::string_view name) noexcept {
    constexpr std::size_t shortest_for_any_slip = 6;
    if (find_setting(name) || std::ranges::find(of_others, name) != of_others.end())
        return {};
    for (const auto& each : known_settings()) {
        const bool is_swap = are_swapped(name, each.name, first_difference(name, each.name));
        if (is_swap ||
            (std::min(name.size(), each.name.size()) >= shortest_for_any_slip && differ_by_one_slip(name, each.name)))
            return each.name;
    }
    return {};
}

} // namespace infra::app::settings
