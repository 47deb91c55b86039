#pragma once

#include "fetch.hpp"

#include <infra/http_client/client_options.hpp>

namespace infra::storage {

/// A fetcher by infra::http_client, for targets that link it.
fetcher fetch_over_http(http::client_options with);

/// With proxies and certificates of the environment.
awaitable<fetch_answer> fetch_as_the_process(fetch_request what, deadline limit);

} // namespace infra::storage
