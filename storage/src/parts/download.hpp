#pragma once

#include "../core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/options.hpp>

#include <filesystem>
#include <string>

namespace infra::storage {

/// As storage::download(); `key` as the bucket knows it.
awaitable<object_info> download(core_ptr core, std::string key, std::filesystem::path to, download_options how);

} // namespace infra::storage
