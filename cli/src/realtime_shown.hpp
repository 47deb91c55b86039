#pragma once

// How answers of the operators' pages are shown.

#include "printable.hpp"

#include <infra/base/json.hpp>

#include <ostream>
#include <string>

namespace infra::cli {

/// A string as it is, a number as its digits, an empty text for null and for what is not there.
inline std::string cell_of(const json::value& of, std::string_view name) {
    const auto* found = of.is_object() ? of.get_object().if_contains(name) : nullptr;
    if (!found || found->is_null())
        return "";
    return found->is_string() ? std::string(found->get_string()) : json::to_text(*found);
}

/// Says on stderr that a page was not all.
inline void tell_of_more(std::ostream& to, const json::value& page) {
    if (const auto next = cell_of(page, "next"); !next.empty())
        to << "infra: there is more: --after '" << printable(next) << "', or a higher --limit\n";
}

} // namespace infra::cli
