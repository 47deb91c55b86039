#pragma once

// What the parts of the panel share.

#include "storage_panel.hpp"

#include <memory>
#include <string>

namespace infra::dashboard {

using shared_storage = std::shared_ptr<const storage_source>;

/// Throws http::error_response 422 where that cannot be a key.
std::string object_key_in(const http::request& r);

/// The description; http::error_response 404 where there is none.
awaitable<storage::object_info> described(storage::storage in, std::string key);

// Each adds its routes.
void add_objects(board& on, const shared_storage& from);
void add_previews(board& on, const shared_storage& from);
void add_object_changes(board& on, const shared_storage& from);

} // namespace infra::dashboard
