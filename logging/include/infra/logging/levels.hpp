#pragma once

/// How much each module says: the meaning of `LOG_LEVEL=info,db=debug`.

#include <infra/base/telemetry.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::logging {

/// `debug`, `info`, `warn`, `error`; a line below its module's level is not written.
using infra::level;

/// A level for everything, and others for some modules. A rule for `db` covers `db.pool` too, unless that has its own.
struct level_rules {
    level fallback = level::info;                         ///< of modules without a rule
    std::vector<std::pair<std::string, level>> modules{}; ///< a module's name, and its level

    level of(std::string_view module) const noexcept;
};

/// The level of that name, in any case; empty for any other word.
std::optional<level> parse_level(std::string_view word) noexcept;

struct parsed_levels {
    level_rules rules;
    std::vector<std::string> problems; ///< sentences that name the entry by its number, never by its text
};

/// Entries with commas between: a level, or `module=level`. Of two for the same module the last counts. A word that is
/// no level is a problem and stands for `info`; it never makes a service silent or deaf.
parsed_levels parse_levels(std::string_view text);

} // namespace infra::logging
