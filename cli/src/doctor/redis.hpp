#pragma once

/// Servers that queue, cache and realtime live on: do they answer, and do they keep what they are given.

#include "check.hpp"

#include <infra/redis/options.hpp>

#include <cstdint>
#include <optional>

namespace infra::cli::doctor {

/// One server, and what is kept there.
struct redis_use {
    redis::options at{};
    std::string server{}; ///< its address, without user and password; of database 0
    bool queue = false;
    bool cache = false;
    bool realtime = false;
};

/// Of QUEUE_URL, CACHE_URL, REALTIME_URL and REDIS_URL, each server once.
std::vector<redis_use> redis_uses(const environment& variables);

/// What a server says of itself. Texts are empty where it does not.
struct redis_facts {
    std::string version{};
    std::string role{}; ///< master or slave
    bool loading = false;
    bool link_to_master_up = true;
    std::string eviction_policy{};
    std::uint64_t used_memory = 0;
    std::uint64_t max_memory = 0; ///< 0: no bound
    bool append_only = false;
    std::optional<std::string> save{}; ///< of CONFIG GET save; unset where that is not allowed
    bool last_save_failed = false;
};

/// From the text of INFO.
redis_facts redis_facts_from(std::string_view info);

findings judge_redis(const redis_use& use, const redis_facts& facts);

std::string no_redis(const situation& at);
awaitable<findings> look_at_redis(situation at);

} // namespace infra::cli::doctor
