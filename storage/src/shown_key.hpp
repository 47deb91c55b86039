#pragma once

#include <string>
#include <string_view>

namespace infra::storage {

/// For sentences: between quotes, with what is not printable ASCII as \xNN, and not endless. For what is no key.
std::string shown_key(std::string_view key);

} // namespace infra::storage
