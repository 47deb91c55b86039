#pragma once

#include "signup.hpp"

#include <string>

namespace starter {

/// The channel of the page: the last sign-ups are kept for a day, and everybody may listen. Nobody but this service speaks there.
infra::realtime::hub_options live_channels();

/// Tells all pages that somebody has signed up: the name, not the address.
void announce(const signup& who);

/// The page itself, `GET /`, from this directory.
void add_live_page(infra::http::router& routes, const std::string& directory);

} // namespace starter
