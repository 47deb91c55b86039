#pragma once

/// The calls of a bucket about objects.

#include "store.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/bucket.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace infra::storage::s3 {

using store_ptr = std::shared_ptr<store>;

awaitable<object_info> put(store_ptr at, put_request what, shared_bytes bytes, deadline limit);
awaitable<opened> get(store_ptr at, get_request what, deadline limit);
awaitable<object_info> head(store_ptr at, std::string key, read_conditions read, deadline limit);
awaitable<void> remove(store_ptr at, std::string key, std::string if_match, deadline limit);
awaitable<std::vector<remove_outcome>> remove_many(store_ptr at, std::vector<std::string> keys, deadline limit);
awaitable<object_info> copy(store_ptr at, copy_request what, deadline limit);
awaitable<list_page> list(store_ptr at, list_options what, deadline limit);
awaitable<void> ping(store_ptr at, deadline limit);

// --- For those about uploads ------------------------------------------------------------------------------------

/// How the integrity of `bytes` is told to this store, as far as it is known.
awaitable<integrity> integrity_of(store_ptr at, std::optional<checksum> sum, shared_bytes bytes);

/// Whether it is still to be found out that the store takes checksums.
bool tries_sums(const store& at, const integrity& told) noexcept;

} // namespace infra::storage::s3
