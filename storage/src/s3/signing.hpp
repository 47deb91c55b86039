#pragma once

/// What others may do with a bucket's signature.

#include "objects.hpp"

#include <infra/storage/signing.hpp>

#include <chrono>

namespace infra::storage::s3 {

awaitable<signed_request> sign(store_ptr at, std::string key, std::chrono::seconds expires, signed_url_options options);
awaitable<signed_form> sign_form(store_ptr at, post_policy policy, std::chrono::seconds expires);
awaitable<std::string> sign_part(store_ptr at, upload_id upload, int number, std::chrono::seconds expires);

/// Whether the store takes forms; R2 and B2 have no POST Object.
bool takes_forms(const endpoint& e) noexcept;

} // namespace infra::storage::s3
