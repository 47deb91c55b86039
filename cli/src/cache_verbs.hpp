#pragma once

/// The verbs of `infra cache`, apart from their command line.

#include "frame.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/cache.hpp>
#include <infra/redis/options.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace infra::cli {

/// What stands on the command line.
struct cache_arguments {
    std::string url;
    std::string prefix;
    std::string timeout = "5s";
    std::string key;
    std::vector<std::string> keys;
    std::vector<std::string> tags;
    std::string value;
    std::string ttl;
    std::string pattern = "*";
    std::size_t limit = 1000;
    bool raw = false;
    bool text = false;
    std::string starts_with;
    bool with_ttl = false;
    bool yes = false;
};

/// Throws errc::invalid_input.
[[noreturn]] void refuse(const std::string& sentence);

/// From the command line or the environment.
std::string url_of(const cache_arguments& given);

/// Of the server there; it gives up as soon as the command does, so that what is told is why.
redis::options server_of(const cache_arguments& given);

/// What cannot be reached is told by the one who asks it, not taken for a miss.
cache::cache opened(const cache_arguments& given);

// --- Of values ---

awaitable<exit_code> cache_get(cache_arguments given, const output& to);
awaitable<exit_code> cache_set(cache_arguments given, const output& to);
awaitable<exit_code> cache_del(cache_arguments given, const output& to);
awaitable<exit_code> cache_ttl(cache_arguments given, const output& to);
awaitable<exit_code> cache_invalidate(cache_arguments given, const output& to);
awaitable<exit_code> cache_flush(cache_arguments given, const output& to);

// --- Of the server ---

awaitable<exit_code> cache_scan(cache_arguments given, const output& to);
awaitable<exit_code> cache_stats(cache_arguments given, const output& to);

} // namespace infra::cli
