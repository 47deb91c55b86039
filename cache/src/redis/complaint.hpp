#pragma once

// What a failure says of the server. Pure.

#include <infra/redis/reply.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>
#include <span>
#include <string>

namespace infra::cache::redis_backend {

enum class complaint : std::uint8_t {
    none,
    away,    ///< it is not there, or not able to answer anything
    refused, ///< it is there, and does not do this: out of memory, read only, no rights
};

complaint complaint_in(const redis::reply& r) noexcept;

/// Whether it may do later what it does not do now.
bool may_pass(const redis::reply& r) noexcept;

/// The worst of several, and the reply that makes it; null if there is none.
const redis::reply* worst_of(std::span<const redis::reply> replies) noexcept;

/// Of an exception of the client.
enum class failure : std::uint8_t {
    away,
    abandoned, ///< its caller was cancelled
    ours,      ///< what was asked for cannot be asked, or the client was stopped
};
failure failure_of(const boost::system::error_code& code) noexcept;

} // namespace infra::cache::redis_backend
