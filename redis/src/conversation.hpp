#pragma once

// A few words and their answers on a connection that nobody shares yet, or that serves for nothing else.

#include "transport.hpp"

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <cstddef>
#include <vector>

namespace infra::redis::detail {

/// One reply for each of `words`, none of more than `max_bytes` in memory. Throws infra::error: errc::protocol for what is
/// no reply or one too many, errc::refused where the server says why and hangs up; what the socket says otherwise.
awaitable<std::vector<reply>> converse(transport& with, std::vector<command> words, std::size_t max_bytes);

} // namespace infra::redis::detail
