#pragma once

// Entries of streams as XREAD and XRANGE answer them, in either protocol.

#include "fields.hpp"
#include "stream_events.hpp"

#include <infra/redis.hpp>

#include <string>
#include <vector>

namespace infra::queue::redis_backend {

struct stream_entry {
    entry_id id{};
    hash_fields fields{};
};

struct stream_part {
    std::string key{};
    std::vector<stream_entry> entries{};
};

/// Of XRANGE and XREVRANGE. An entry whose id nobody can read is left out.
std::vector<stream_entry> read_entries(redis::reply answer);

/// Of XREAD; none of a null.
std::vector<stream_part> read_streams(redis::reply answer);

} // namespace infra::queue::redis_backend
