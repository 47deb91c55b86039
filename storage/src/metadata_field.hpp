#pragma once

#include <string>
#include <string_view>

namespace infra::storage {

/// Any UTF-8 in a header's ASCII: as it is where it can be, otherwise percent-encoded; and back. What others wrote and is no
/// percent-encoded UTF-8 stays as it is.
std::string metadata_field(std::string_view value);
std::string metadata_value(std::string_view field);

} // namespace infra::storage
