#pragma once

/// What the cache reports beyond `infra::errc`.
///
///     catch (const infra::error& e) {
///         if (e.code() == cache::errc::wrong_type) co_await cache.del(key);     // written by an older release, say
///     }

#include <infra/base/error.hpp>

namespace infra::cache {

enum class errc {
    wrong_type = 1, ///< there is a value, but not of the type that was asked for; the sentence names the field
    too_large,      ///< a value that the store would have no room for
    unavailable,    ///< the store does not answer now; it may later
};

const boost::system::error_category& cache_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), cache_category()}; }

} // namespace infra::cache

template <>
struct boost::system::is_error_code_enum<infra::cache::errc> : std::true_type {};
