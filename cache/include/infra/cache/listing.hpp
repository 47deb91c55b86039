#pragma once

/// Which keys there are, for people who look: a store knows them, and no code should depend on them.
///
///     if (const auto* listing = dynamic_cast<const key_listing*>(cache.stored().get()))
///         for (auto& key : (co_await listing->keys_in_store("shop:user:", "", 100)).keys) show(key);

#include <infra/base/awaitable.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace infra::cache {

struct key_page {
    std::vector<std::string> keys{};
    std::string next{}; ///< for the next page; empty: this was the last
};

/// What a store also is that can tell its keys.
///
/// Threads: any. Errors: as the store's. Cancel: all types.
class key_listing {
public:
    /// About `limit` of the keys that begin so, as they are in the store: what the cache keeps for itself among them. Those of a page
    /// are all different; one that is written meanwhile may come twice or not at all. A page may be short, or empty, and not the last: a
    /// call looks at so many keys as takes some milliseconds.
    [[nodiscard]] virtual awaitable<key_page> keys_in_store(std::string prefix, std::string cursor,
                                                            std::size_t limit) const = 0;

protected:
    ~key_listing() = default;
};

} // namespace infra::cache
