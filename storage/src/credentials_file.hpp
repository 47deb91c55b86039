#pragma once

/// The format of AWS's credentials file: `[profile]` and lines `name = value`; lines that begin with '#' or ';' are comments.

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage {

/// What stands in the section `[name]`, or `[profile name]` as in AWS's other file; names in lower case. Sections of one name are one,
/// and the last line of a name counts. Empty: there is no such section.
std::optional<std::map<std::string, std::string>> read_profile(std::string_view text, std::string_view name);

} // namespace infra::storage
