#pragma once

#include "../core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/content.hpp>
#include <infra/storage/options.hpp>

namespace infra::storage {

/// Puts an object of any length by parts: `what` has the key as the bucket knows it, the attributes and the conditions. Only `how`'s
/// part size, concurrency, progress and limit are looked at.
awaitable<object_info> put_by_parts(core_ptr core, put_request what, content from, put_options how);

} // namespace infra::storage
