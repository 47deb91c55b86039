#pragma once

// What the handles of a cache share.

#include "background.hpp"
#include "flights.hpp"
#include "freshness.hpp"
#include "instruments.hpp"
#include "keys.hpp"

#include <infra/cache/cache.hpp>
#include <infra/runtime/event.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache::detail {

inline constexpr std::size_t max_ending = 1000;      // more leases at once end with their time
inline constexpr std::size_t max_extending = 10'000; // more loads at once may be joined by those of other processes

/// Of a cache and all its namespaces.
struct engine {
    engine(std::shared_ptr<store> s, cache_options o, clock& t)
        : stored(std::move(s)),
          options(std::move(o)),
          time(t),
          flying(stored->flying_),
          behind(options.max_refreshes),
          ending(max_ending),
          extending(max_extending) {}

    const std::shared_ptr<store> stored;
    const cache_options options;
    clock& time;
    const std::shared_ptr<flights> flying;
    background behind;
    background ending;    ///< leases that nobody needs any more
    background extending; ///< those of loads under way
    event stopped;

    /// How many of `all` evictions nobody has told of yet. Two may tell at once, and the later one know of fewer.
    std::uint64_t untold_evictions(std::uint64_t all) noexcept;

private:
    std::atomic<std::uint64_t> evictions_told_{0};
};

/// What the handles hold, and what runs behind does not: refreshes end when nobody can ask for what they bring.
struct owner {
    explicit owner(std::shared_ptr<engine> e) : of(std::move(e)) {}
    ~owner() {
        of->stopped.set();
        of->extending.cancel();
        of->behind.cancel(); // each of which ends its lease yet
    }
    owner(const owner&) = delete;
    owner& operator=(const owner&) = delete;

    const std::shared_ptr<engine> of;
};

/// A namespace. Its version is the greatest of its own and of those around it: a flush of any makes a greater one.
class core : public std::enable_shared_from_this<core> {
public:
    core(const std::shared_ptr<owner>& by, std::string prefix, const core* around);

    /// For a handle.
    static shared_core make(std::shared_ptr<owner> by, std::string prefix, const core* around);

    /// The key in the store; empty where a version is not known in this process. `room` may back it.
    std::optional<std::string_view> key_now(std::string_view key, key_room& room) const;
    std::optional<std::uint64_t> known_version() const noexcept;

    std::int64_t now_ms() const { return to_unix_ms(shared->time.wall()); }
    std::chrono::milliseconds ttl_or_default(std::optional<std::chrono::milliseconds> ttl) const {
        return ttl ? *ttl : shared->options.default_ttl.value_or(forever);
    }

    const std::weak_ptr<owner> owned_by;
    const std::shared_ptr<engine> shared;
    const std::string prefix;
    const instruments& counts;
    std::vector<std::string> version_names;
    std::vector<std::shared_ptr<const version_slot>> slots;
};

inline std::optional<std::uint64_t> core::known_version() const noexcept {
    std::uint64_t greatest = 0;
    for (const auto& each : slots) {
        if (!each->known.load(std::memory_order_acquire))
            return std::nullopt;
        greatest = std::max(greatest, each->value.load(std::memory_order_acquire));
    }
    return greatest;
}

inline std::optional<std::string_view> core::key_now(std::string_view key, key_room& room) const {
    const auto known = known_version();
    if (!known)
        return std::nullopt;
    if (*known == 0 && prefix.empty() && key.size() <= max_key_bytes)
        return key;
    return key_in(room, prefix, *known, key);
}

awaitable<std::string> key_in_store(shared_core in, std::string key);
/// Asks for the version once, if at all.
awaitable<std::vector<std::string>> keys_in_store(shared_core in, std::vector<std::string> keys);

/// What lies there, if it can be read and its tags still hold: fresh or not. `look_now` does not wait; `look` begins with
/// it, and asks the store for what this process does not know; `look_elsewhere` asks at once.
lookup look_now(core& in, std::string_view key, found_value& to);
awaitable<std::optional<found_value>> look(shared_core in, std::string key);
awaitable<std::optional<found_value>> look_elsewhere(shared_core in, std::string key);
awaitable<std::vector<std::optional<found_value>>> look_at_all(shared_core in, std::vector<std::string> keys);

/// Of bytes from the store: empty where they cannot be read, are dead, or have tags that hold no more.
awaitable<std::vector<std::optional<found_value>>> interpret(shared_core in,
                                                             std::vector<std::optional<std::string>> bytes);

awaitable<std::optional<found_value>> interpret_one(shared_core in, std::optional<std::string> bytes);

const std::vector<tag_version>& tags_of(const found_value& v);
awaitable<std::vector<tag_version>> versions_of(shared_core in, string_list tags);

/// Whether none was made void since. True where the store does not answer.
awaitable<bool> still_hold(shared_core in, std::vector<tag_version> tags);

/// The bytes of a new entry.
new_entry entry_for(std::string key, const storing& how, std::string_view bytes);

} // namespace infra::cache::detail
