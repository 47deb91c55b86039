#pragma once

// How answers of the operators' pages are shown.

#include "json_members.hpp"
#include "printable.hpp"

#include <ostream>
#include <string>

namespace infra::cli {

/// Says on stderr that a page was not all.
inline void tell_of_more(std::ostream& to, const json::value& page) {
    if (const auto next = cell_of(page, "next"); !next.empty())
        to << "infra: there is more: --after '" << printable(next) << "', or a higher --limit\n";
}

} // namespace infra::cli
