#pragma once

// Members of documents that come from elsewhere, whatever those turn out to be.

#include <infra/base/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::cli {

/// Null where it is no object, or has no such member.
inline const json::value* member_of(const json::value& of, std::string_view name) {
    return of.is_object() ? of.get_object().if_contains(name) : nullptr;
}

/// None where it is no array.
inline const json::array& items_of(const json::value& of, std::string_view name) {
    static const json::array none;
    const auto* found = member_of(of, name);
    return found && found->is_array() ? found->get_array() : none;
}

/// Zero where it is no number, or not a whole one.
inline std::int64_t integer_of(const json::value& of, std::string_view name) {
    const auto* found = member_of(of, name);
    boost::system::error_code failed;
    const auto value = found && found->is_number() ? found->to_number<std::int64_t>(failed) : 0;
    return failed ? 0 : value;
}

inline std::optional<double> known_number_of(const json::value& of, std::string_view name) {
    const auto* found = member_of(of, name);
    return found && found->is_number() ? std::optional(found->to_number<double>()) : std::nullopt;
}

/// Zero where it is no number.
inline double number_of(const json::value& of, std::string_view name) { return known_number_of(of, name).value_or(0); }

inline bool is_so(const json::value& of, std::string_view name) {
    const auto* found = member_of(of, name);
    return found && *found == true;
}

/// A string as it is, a number as its digits, an empty text for null and for what is not there.
inline std::string cell_of(const json::value& of, std::string_view name) {
    const auto* found = member_of(of, name);
    if (!found || found->is_null())
        return "";
    return found->is_string() ? std::string(found->get_string()) : json::to_text(*found);
}

/// What is there, or null.
inline json::value value_or_null(const json::value& of, std::string_view name) {
    const auto* found = member_of(of, name);
    return found ? *found : json::value();
}

} // namespace infra::cli
