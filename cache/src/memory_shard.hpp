#pragma once

// One part of the memory store: a table, the policy that says what goes, the wheel that says what is over.

#include "expiry_wheel.hpp"
#include "s3_fifo.hpp"
#include "spread_mutex.hpp"

#include <infra/cache/store.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace infra::cache {

/// A value in one block of memory: this, the key's bytes, the value's bytes.
class memory_item : public s3_hook, public wheel_hook {
public:
    static memory_item* make(std::uint64_t hash, std::string_view key, std::string_view value);
    static void free(memory_item* item) noexcept;
    struct freer {
        void operator()(memory_item* item) const noexcept { free(item); }
    };

    /// Bytes of the heap that an item takes, its place in the table included; tests compare that with the heap itself.
    static std::size_t cost_of(std::size_t key_size, std::size_t value_size) noexcept;

    std::string_view key() const noexcept { return {text(), key_size_}; }
    std::string_view value() const noexcept { return {text() + key_size_, value_size_}; }
    bool is_sealed() const noexcept { return value_size_ != 0 && text()[key_size_] == sealed_mark; }
    bool is_over(steady_time now) const noexcept { return expires <= now; }
    bool has_end() const noexcept { return expires != steady_time::max(); }

private:
    memory_item() = default;
    char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
    const char* text() const noexcept { return reinterpret_cast<const char*>(this + 1); }

    std::uint32_t key_size_ = 0;
    std::uint32_t value_size_ = 0;
};

/// A key with its hash, which is made once.
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
    bool read(hashed_key k, value_reader& to);
    /// Throws errc::too_large.
    bool set(hashed_key k, std::string_view value, std::chrono::milliseconds ttl, bool only_if_absent);
    erased erase(hashed_key k);
    std::optional<std::chrono::milliseconds> time_left(hashed_key k);
    expire_outcome expire(hashed_key k, std::chrono::milliseconds ttl);
    std::int64_t add(hashed_key k, std::int64_t amount, std::chrono::milliseconds ttl);
    replace_outcome replace(hashed_key k, const replacement& r);
    lease_answer lease(hashed_key k, const std::string& token);
    bool end_lease(hashed_key k, const std::string& token);
    std::size_t sweep(std::size_t max);
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
        bool operator()(const place& a, const place& b) const noexcept { return a.item->key() == b.item->key(); }
        bool operator()(const hashed_key& k, const place& p) const noexcept {
            return k.hash == p.item->fingerprint && k.key == p.item->key();
        }
        bool operator()(const place& p, const hashed_key& k) const noexcept { return (*this)(k, p); }
    };

    bool is_over(const memory_item& item) const noexcept;

    // All below under mutex_, taken to write.
    memory_item* find(hashed_key k);
    /// Every write ends here or in drop_lease(): a lease on the key is over.
    void put(hashed_key k, std::string_view value, steady_time expires, memory_item* old);
    void put_in_place_of(memory_item& old, memory_item& fresh) noexcept;
    steady_time end_of(std::chrono::milliseconds ttl) const noexcept;
    bool is_held(hashed_key k, const std::string& token) const;
    void drop_lease(hashed_key k);
    void make_room_for(std::size_t cost);
    void drop(memory_item& item) noexcept;
    void forget_over(steady_time now, std::size_t max);

    clock& time_;
    const bool on_real_time_;
    mutable spread_mutex mutex_;
    boost::unordered_flat_set<place, hash_of, same_key> table_;
    s3_fifo policy_;
    expiry_wheel wheel_;
    // Key and token; the one who asked last, since the flights let only one at a time ask.
    std::map<std::string, std::string, std::less<>> leases_;
    std::size_t lease_bytes_ = 0;
    std::uint64_t evictions_ = 0;
    std::uint64_t expirations_ = 0;
};

} // namespace infra::cache
