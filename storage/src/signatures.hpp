#pragma once

/// URLs and forms for others.

#include "core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/signing.hpp>

#include <chrono>
#include <string>

namespace infra::storage {

awaitable<signed_request> sign_url(core_ptr core, std::string key, std::chrono::seconds expires,
                                   signed_url_options options);
awaitable<signed_form> sign_form(core_ptr core, post_policy policy, std::chrono::seconds expires);

} // namespace infra::storage
