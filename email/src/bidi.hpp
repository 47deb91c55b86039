#pragma once

#include <string>
#include <string_view>

namespace infra::email {

/// `text` with an end for every change of direction that it begins and does not end (UAX #9), so that a value or a name
/// cannot turn around the words behind it: an override in a name would otherwise show the address after it backwards.
/// Where there is one to add, the text is made in `room`, in which `text` itself may lie.
std::string_view with_directions_ended(std::string_view text, std::string& room);

/// `name` with an underscore for every change of direction in it, as browsers save files: an override shows
/// `annexe.pdf` where the name ends in `.exe`, and an end for it behind that would only spoil the ending.
std::string file_name_without_directions(std::string_view name);

} // namespace infra::email
