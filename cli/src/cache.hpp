#pragma once

/// `infra cache` without the network.

#include <infra/base/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli {

/// How long a value is still good, for people: `4m 5s`, `250ms`, `without an end`.
std::string shown_ttl(std::chrono::milliseconds left);

/// The words of a pattern in which Redis' own signs stand for themselves: `a*` becomes `a\*`.
std::string escaped_pattern(std::string_view literal);

/// What a server says of itself (INFO), of which a cache cares for this.
struct server_facts {
    std::string version{};
    std::uint64_t keys = 0; ///< in the database, those of others included
    std::uint64_t used_memory = 0;
    std::uint64_t max_memory = 0; ///< 0: no bound
    std::string eviction_policy{};
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evicted = 0;
    std::uint64_t expired = 0;
    std::uint64_t clients = 0;
};

/// A field of INFO, as it stands there; empty and 0 where it is missing.
std::string_view info_field(std::string_view info, std::string_view name);
std::uint64_t info_number(std::string_view info, std::string_view name);

/// From the text of INFO; what is missing stays 0.
server_facts facts_from(std::string_view info);

/// Of several servers that share the keys.
server_facts sum_of(const std::vector<server_facts>& all);

std::string text_of(const server_facts& facts);
json::value document_of(const server_facts& facts);

} // namespace infra::cli
