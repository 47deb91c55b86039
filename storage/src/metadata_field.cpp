#include "metadata_field.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::storage {
namespace {

bool is_hex(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// What would be taken for percent-encoded when it is read.
bool looks_encoded(std::string_view value) noexcept {
    for (auto at = value.find('%'); at != std::string_view::npos; at = value.find('%', at + 1))
        if (at + 2 < value.size() && is_hex(value[at + 1]) && is_hex(value[at + 2]))
            return true;
    return false;
}

bool is_field(std::string_view value) noexcept {
    return !value.starts_with(' ') && !value.ends_with(' ') &&
           std::ranges::all_of(value, [](char c) { return c >= ' ' && c < 0x7f; });
}

} // namespace

std::string metadata_field(std::string_view value) {
    if (is_field(value) && !looks_encoded(value))
        return std::string(value);
    constexpr std::string_view kept = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}"; // of what can be seen, all but the percent sign
    return encoding::percent_encode(value, kept);
}

std::string metadata_value(std::string_view field) {
    if (!looks_encoded(field))
        return std::string(field);
    auto decoded = encoding::percent_decode(field);
    return decoded && encoding::is_utf8(*decoded) ? std::move(*decoded) : std::string(field);
}

} // namespace infra::storage
