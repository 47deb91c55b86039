#include "takes_gzip.hpp"

#include <algorithm>
#include <array>

namespace infra::realtime {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
    const auto first = std::min(text.find_first_not_of(" \t"), text.size());
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

// "q=0", "Q = 0.000"
bool is_none(std::string_view parameter) noexcept {
    return parameter.starts_with(";") && parameter.find_first_of("123456789") == std::string_view::npos;
}

} // namespace

bool takes_gzip(std::string_view accept_encoding) noexcept {
    while (!accept_encoding.empty()) {
        const auto item = accept_encoding.substr(0, accept_encoding.find(','));
        accept_encoding.remove_prefix(std::min(item.size() + 1, accept_encoding.size()));
        const auto name = item.substr(0, item.find(';'));
        constexpr std::array<std::string_view, 3> spellings{"gzip", "Gzip", "GZIP"};
        if (std::ranges::find(spellings, trimmed(name)) != spellings.end())
            return !is_none(item.substr(name.size()));
    }
    return false;
}

} // namespace infra::realtime
