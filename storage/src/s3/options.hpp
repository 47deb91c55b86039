#pragma once

#include "endpoint.hpp"

#include <infra/storage/s3.hpp>

#include <string>
#include <string_view>

namespace infra::storage::s3 {

/// With what follows from the endpoint: a region that its host names, the one kind of whole checksum that R2 has. Throws
/// std::invalid_argument naming the field, and what address_of() throws.
s3_options checked(s3_options o);

/// The region that a store's host names, or the one that the store always has; empty where it says nothing.
std::string region_told_by(const endpoint& e);

} // namespace infra::storage::s3
