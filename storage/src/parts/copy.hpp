#pragma once

#include "../core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/options.hpp>

#include <cstdint>

namespace infra::storage {

/// Copies what is too long for one request, by parts and within the store. `what` has the attributes of the copy, and the ETag of the
/// source, which has `size` bytes.
awaitable<object_info> copy_by_parts(core_ptr core, copy_request what, std::uint64_t size, copy_options how);

} // namespace infra::storage
