#pragma once

#include "store.hpp"

#include <cstdint>
#include <memory>

namespace infra::storage::s3 {

/// The body of an answer as pieces: exactly `length` bytes in all, or a storage_error. With the last of them the connection is free for
/// others, whether or not anybody asks for the end.
awaitable<byte_source> pieces_of(std::shared_ptr<store> at, http::client_stream body, asked by, std::uint64_t length);

} // namespace infra::storage::s3
