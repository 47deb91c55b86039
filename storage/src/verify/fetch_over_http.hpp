#pragma once

#include "fetch.hpp"

namespace infra::storage {

/// A fetcher by infra::http_client, for targets that link it.
awaitable<fetch_answer> fetch_over_http(fetch_request what, deadline limit);

} // namespace infra::storage
