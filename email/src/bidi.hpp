#pragma once

#include <string>
#include <string_view>

namespace infra::email {

/// `text` with an end for every change of direction that it begins and does not end (UAX #9), so that a value or a name
/// cannot turn around the words behind it: an override in a name would otherwise show the address after it backwards.
/// Where there is one to add, the text is made in `room`, in which `text` itself may lie.
std::string_view with_directions_ended(std::string_view text, std::string& room);

} // namespace infra::email
