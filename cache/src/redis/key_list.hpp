#pragma once

// Which keys the server has, in its own order.

#include "line.hpp"

#include <infra/cache/listing.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace infra::cache::redis_backend {

/// A pattern of SCAN that fits what begins so.
std::string pattern_of(std::string_view prefix);

/// Where a list goes on: at which of the servers, and what that said. Throws infra::errc::invalid_input.
struct scan_place {
    std::size_t server = 0;
    std::string cursor = "0";
};
scan_place place_of(std::string_view cursor);
std::string text_of(const scan_place& p);

awaitable<key_page> list_keys(std::shared_ptr<line> at, std::string prefix, std::string cursor, std::size_t limit);

} // namespace infra::cache::redis_backend
