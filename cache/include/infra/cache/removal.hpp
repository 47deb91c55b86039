#pragma once

/// Values removed by the beginning of their keys, for people: code makes tags void, which costs the same for any number of values.
///
///     removal done;
///     do {
///         done = co_await remove_starting_with(cache, "user:", done.next);
///         removed += done.count;
///     } while (!done.next.empty());

#include <infra/cache/cache.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace infra::cache {

/// Where the cache's keys lie now; a flush moves them.
[[nodiscard]] awaitable<std::string> prefix_in_store(cache of);

/// Of a key as it lies in the store, what a caller of the cache would say; empty for what lies elsewhere, for what the cache keeps
/// for itself, and for what was made void by a flush.
std::optional<std::string> key_below(std::string_view prefix_in_store, std::string_view stored);

/// Of a key that was too long to be kept as it is; nobody can look it up by what is known of it.
bool is_digest(std::string_view key) noexcept;

struct removal {
    std::size_t count = 0;
    std::string next{}; ///< the cursor to go on with; empty: this was the last step
};

/// A step: some of those that begin so. Throws std::invalid_argument for an empty prefix, which would be everything (flush does that),
/// and infra::errc::invalid_state for a store that does not tell its keys.
[[nodiscard]] awaitable<removal> remove_starting_with(cache in, std::string prefix, std::string cursor = {});

} // namespace infra::cache
