#pragma once

#include "core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/options.hpp>

#include <string>

namespace infra::storage {

/// storage::copy() and move(). Keys as the bucket knows them come back.
awaitable<object_info> copy_object(core_ptr core, std::string from, std::string to, copy_options options);
awaitable<object_info> move_object(core_ptr core, std::string from, std::string to, copy_options options);

} // namespace infra::storage
