#pragma once

// One part of the memory store: a table, the policy that says what goes, the wheel that says what is over.

#include "memory_item.hpp"
#include "memory_leases.hpp"
#include "spread_mutex.hpp"

#include <infra/cache/store.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache {

/// A key with its hash, which is made once. Passed by reference: a copy of three words, read right after they were written,
/// costs a tenth of a hit.
struct hashed_key {
    std::string_view key;
    std::uint64_t hash = 0;
};

/// Threads: any member from any thread.
class alignas(64) memory_shard {
public:
    memory_shard(std::size_t capacity, clock& time);
    ~memory_shard();
    memory_shard(const memory_shard&) = delete;
    memory_shard& operator=(const memory_shard&) = delete;

    /// True if `to` has read it.
    bool read(const hashed_key& k, value_reader& to);
    /// Throws errc::too_large.
    bool set(const hashed_key& k, std::string_view value, std::chrono::milliseconds ttl, bool only_if_absent);
    erased erase(const hashed_key& k);
    /// The same, telling nothing of what was there.
    void forget(const hashed_key& k) noexcept;
    std::optional<std::chrono::milliseconds> time_left(const hashed_key& k);
    expire_outcome expire(const hashed_key& k, std::chrono::milliseconds ttl);
    std::int64_t add(const hashed_key& k, std::int64_t amount, std::chrono::milliseconds ttl);
    replace_outcome replace(const hashed_key& k, const replacement& r);
    lease_answer lease(const hashed_key& k, const std::string& token);
    bool end_lease(const hashed_key& k, const std::string& token);
    std::size_t sweep(std::size_t max);
    /// Of the keys that begin so and come behind `after` the first `max`, in order. How many were looked at.
    std::size_t list(std::string_view prefix, std::string_view after, std::size_t max, std::vector<std::string>& to);
    void add_to(store_stats& sum) const;

    /// What a value may cost at most: half of all, and what a size of 32 bits can say.
    std::size_t most_for_one() const noexcept;

private:
    /// A place in the table. Another item of the same key takes it over without the table noticing.
    struct place {
        mutable memory_item* item;
    };
    struct hash_of {
        using is_transparent = void;
        using is_avalanching = void;
        std::size_t operator()(const place& p) const noexcept { return p.item->fingerprint; }
        std::size_t operator()(const hashed_key& k) const noexcept { return k.hash; }
    };
    struct same_key {
        using is_transparent = void;
        bool operator()(const place& a, const place& b) const noexcept { return a.item->has(b.item->key()); }
        bool operator()(const hashed_key& k, const place& p) const noexcept {
            return k.hash == p.item->fingerprint && p.item->has(k.key);
        }
        bool operator()(const place& p, const hashed_key& k) const noexcept { return (*this)(k, p); }
    };

    bool is_over(const memory_item& item) const noexcept;

    // All below under mutex_, taken to write.
    memory_item* find(const hashed_key& k);
    /// Every write ends here or in leases_.drop(): a lease on the key is over.
    void put(const hashed_key& k, std::string_view value, steady_time expires, memory_item* old);
    void put_in_place_of(memory_item& old, memory_item& fresh) noexcept;
    steady_time end_of(std::chrono::milliseconds ttl) const noexcept;
    void make_room_for(std::size_t cost);
    void drop(memory_item& item) noexcept;
    void forget_over(steady_time now, std::size_t max);

    clock& time_;
    const bool on_real_time_;
    mutable spread_mutex mutex_;
    boost::unordered_flat_set<place, hash_of, same_key> table_;
    s3_fifo policy_;
    expiry_wheel wheel_;
    memory_leases leases_;
    std::uint64_t evictions_ = 0;
    std::uint64_t expirations_ = 0;
};

} // namespace infra::cache
