#pragma once

/// The time zone database, which cron reads.

#include "check.hpp"

namespace infra::cli::doctor {

struct zone_facts {
    std::string folder{};               ///< TZDIR, or where it is by default
    std::vector<std::string> lacking{}; ///< of those that were tried
    std::string tz{};                   ///< TZ; empty: it is not set
    bool tz_known = true;
};

findings judge_zones(const zone_facts& facts);

findings look_at_zones(const situation& at);

} // namespace infra::cli::doctor
