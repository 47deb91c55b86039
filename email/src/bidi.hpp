#pragma once

#include <string>

namespace infra::email {

/// `text` with an end for every change of direction that it begins and does not end (UAX #9), so that a value or a name
/// cannot turn around the words behind it: an override in a name would otherwise show the address after it backwards.
std::string with_directions_ended(std::string text);

} // namespace infra::email
