#pragma once

// Values of the cache for people: under which key, what is in it, without secrets.

#include <infra/base/json.hpp>
#include <infra/cache.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace infra::dashboard {

/// What lies under a key, as it may be shown.
struct cache_value {
    std::string kind{}; ///< "json", "bytes"
    std::string text{}; ///< JSON, or bytes in Base64
    std::size_t bytes = 0;
    std::size_t hidden = 0; ///< secrets that are not in the text
};

/// `key` may say that all of it is a secret.
cache_value shown_value(std::string_view key, const json::value& value);
cache_value shown_value(std::string_view key, const cache::byte_vector& bytes);

/// Empty where there is nothing.
awaitable<std::optional<cache_value>> look_up(cache::cache in, std::string key);

/// Milliseconds, null without an end.
json::value document_of_ttl(std::chrono::milliseconds left);

} // namespace infra::dashboard
