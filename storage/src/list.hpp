#pragma once

#include "core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/options.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace infra::storage {

/// storage::list() and list_all(), with keys as the caller knows them.
awaitable<list_page> list_objects(core_ptr core, list_options options);
awaitable<std::vector<object_info>> list_all_objects(core_ptr core, std::string prefix, std::size_t limit);

} // namespace infra::storage
