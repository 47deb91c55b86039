#pragma once

#include "core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/options.hpp>

#include <string>
#include <vector>

namespace infra::storage {

/// storage::remove() and remove_many().
awaitable<void> remove_object(core_ptr core, std::string key, remove_options options);
awaitable<std::vector<remove_outcome>> remove_objects(core_ptr core, std::vector<std::string> keys);

/// What is under the key as the bucket knows it, if it is this version still; where a store cannot say so, whatever is there.
awaitable<void> remove_version(core_ptr core, std::string key, std::string etag, deadline limit);

} // namespace infra::storage
