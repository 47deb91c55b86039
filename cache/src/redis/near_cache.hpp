#pragma once

// Copies of the server's values in this process, dropped when the server tells that they changed.
//
// Values are read on the loops' connections and changes are told on one of its own, so that the word of a change may
// arrive before the value that it makes old. Whoever asks for a value takes a ticket first; what arrives is kept only if
// no change under its key was told since, and nobody was deaf. Copies from before a deaf time are stale: they are kept,
// and served only where nothing else is to be had.

#include "slots.hpp"

#include "../key_hash.hpp"
#include "../memory_shard.hpp"

#include <infra/base/clock.hpp>
#include <infra/cache/redis.hpp>
#include <infra/redis/tracking.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache::redis_backend {

/// Threads: any member from any thread.
class near_cache final : public redis::change_listener {
public:
    near_cache(const near_cache_options& o, std::shared_ptr<slots> versions, clock& time);

    struct ticket {
        std::uint64_t era = 0;
        std::uint64_t changes = 0;
    };

    /// True if `to` has read it: false where it is not here, or stale.
    bool read(std::string_view key, value_reader& to);
    bool get(std::string_view key, std::string& to) {
        string_reader copy(to);
        return read(key, copy);
    }
    /// Stale or not: as it was, for when nothing else is to be had.
    std::optional<std::string> last_seen(std::string_view key);

    /// Before the server is asked for a value.
    ticket ask(std::string_view key);
    /// What it gave; kept unless it is old by now.
    void keep(const ticket& t, std::string_view key, std::string value, std::chrono::milliseconds left);
    /// The same of a version, whose slot is known from then on.
    void keep_version(const ticket& t, const std::string& name, std::uint64_t version);

    /// As if it had been told: what this process writes is not to be read from here before the server has told.
    void drop(std::string_view key) noexcept;

    std::size_t sweep();
    void add_to(store_stats& sum) const;

    void listening() override;
    void deaf() override;
    void changed(const std::vector<std::string>& keys) override;
    void all_changed() override;

private:
    /// A share of the keys. Its mutex makes one step of looking whether a key was changed and keeping its value.
    struct stripe {
        std::mutex mutex;
        std::uint64_t changes = 0; // guarded by mutex
    };
    static constexpr std::size_t stripes = 256;

    bool is_kept(std::string_view key) const noexcept { return key.starts_with(options_.prefix); }
    hashed_key hashed(std::string_view key) const noexcept { return {key, hash_key(key, seed_)}; }
    memory_shard& shard_of(const hashed_key& k) const noexcept { return *shards_[(k.hash >> 48) % shards_.size()]; }
    stripe& stripe_of(const hashed_key& k) noexcept { return stripes_[(k.hash >> 32) % stripes]; }
    bool read_copy(std::string_view key, std::uint64_t oldest, std::uint64_t newest, value_reader& to);
    void put(const hashed_key& k, std::string value, std::chrono::milliseconds left, std::uint64_t era);
    bool is_good(const ticket& t, const stripe& in) const noexcept;
    void begin_era(bool hearing);

    const near_cache_options options_;
    const hash_seed seed_;
    const std::shared_ptr<slots> versions_;
    std::vector<std::unique_ptr<memory_shard>> shards_;
    std::array<stripe, stripes> stripes_;
    std::mutex turning_; // one era after the other
    // Of copies: a new one begins whenever all are to be taken for stale. Odd while changes are told.
    std::atomic<std::uint64_t> era_{0};
    std::atomic<std::uint64_t> oldest_era_{0}; // what is older was erased on the server with everything
};

} // namespace infra::cache::redis_backend
