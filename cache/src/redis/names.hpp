#pragma once

// Names of what the store keeps beside a value or a lock. A script touches several keys only where they lie in one slot
// of a cluster, so each name has the hash tag of what it stands beside:
//
//     user:{42}:name   @@lease:{42}user:{42}:name
//     user:42          @@lease:{user:42}
//     a}b              @@lease:{7}a}b              7 being the smallest number whose slot is that of a}b
//
// No key and no prefix of a cache has @@ in it.

#include <cstdint>
#include <string>
#include <string_view>

namespace infra::cache::redis_backend {

/// `kind` is lease or fence.
std::string beside(std::string_view key, std::string_view kind);

/// As the specification of Redis Cluster has it, 0 to 16383.
std::uint16_t slot_of(std::string_view key) noexcept;

} // namespace infra::cache::redis_backend
