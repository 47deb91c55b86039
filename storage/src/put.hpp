#pragma once

#include "core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/content.hpp>
#include <infra/storage/options.hpp>

#include <string>

namespace infra::storage {

/// storage::put(). The key as the bucket knows it comes back.
awaitable<object_info> put_object(core_ptr core, std::string key, content what, put_options options);

/// Bytes in memory, as one request. `what` has everything but their checksum.
awaitable<object_info> put_bytes(core_ptr core, put_request what, shared_bytes bytes, deadline limit);

} // namespace infra::storage
