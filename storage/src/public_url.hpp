#pragma once

/// Where signed URLs of `file:` and `memory:` stores lead.

#include <infra/runtime/environment.hpp>

#include <string>

namespace infra::storage {

/// STORAGE_PUBLIC_URL; without it `http://HOST:PORT/storage`, as the service of this environment is reached from the same machine.
std::string public_url_from(const environment& variables);

} // namespace infra::storage
