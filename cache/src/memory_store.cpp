#include "key_hash.hpp"
#include "memory_locks.hpp"
#include "memory_shard.hpp"
#include "memory_versions.hpp"

#include <infra/base/id.hpp>
#include <infra/cache/listing.hpp>
#include <infra/cache/memory.hpp>

#include <bit>
#include <charconv>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

namespace infra::cache {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t bytes_per_shard = std::size_t{4} << 20;
constexpr std::size_t max_shards = 64;
constexpr std::size_t listed_at_once = 100'000;
constexpr std::size_t swept_at_once = 10'000; // a millisecond or two of the loop that sweeps

std::size_t shards_for(const memory_options& o) {
    if (o.max_bytes < 65536)
        throw std::invalid_argument("cache::memory_options::max_bytes must be at least 64 KiB");
    if (o.shards == 0)
        return std::min(max_shards, std::bit_ceil(std::max<std::size_t>(1, o.max_bytes / bytes_per_shard)));
    if (!std::has_single_bit(o.shards) || o.shards > 1024 || o.max_bytes / o.shards < 4096)
        throw std::invalid_argument(
            "cache::memory_options::shards must be a power of two, at most 1024, of at least 4 KiB");
    return o.shards;
}

// Versions and locks come on top of the values, which may be evicted for each other, but not for them.
std::size_t share(const memory_options& o, std::size_t part) {
    return std::max<std::size_t>(o.max_bytes / part, 16'384);
}

std::uint64_t secret_seed() {
    std::uint64_t seed = 0;
    random_bytes(std::as_writable_bytes(std::span(&seed, 1)));
    return seed;
}

std::uint64_t microseconds_of(clock& time) {
    return static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::microseconds>(time.wall()).time_since_epoch().count());
}

std::pair<std::size_t, std::string> place_in(std::string_view cursor) {
    std::size_t shard = 0;
    const auto digits = std::min(cursor.find(':'), cursor.size());
    const auto [end, failed] = std::from_chars(cursor.data(), cursor.data() + digits, shard);
    if (!cursor.empty() && (failed != std::errc() || end != cursor.data() + digits || digits == cursor.size()))
        throw error(infra::errc::invalid_input, "this is no cursor of a list of keys");
    return {shard, std::string(cursor.empty() ? cursor : cursor.substr(digits + 1))};
}

class memory_store final : public store, public key_listing {
public:
    memory_store(memory_options o, clock& time)
        : options_(o),
          seed_(secret_seed()),
          versions_(microseconds_of(time), share(o, 8)),
          locks_(microseconds_of(time), share(o, 16), time) {
        const auto count = shards_for(o);
        shards_.reserve(count);
        for (std::size_t i = 0; i < count; ++i)
            shards_.push_back(std::make_unique<memory_shard>(o.max_bytes / count, time));
    }

    lookup try_read(std::string_view key, value_reader& to) override {
        if (stopped_.load(std::memory_order_relaxed))
            return lookup::unknown; // which get() then says aloud
        const auto k = hashed(key);
        return shard_of(k).read(k, to) ? lookup::hit : lookup::miss;
    }

    awaitable<std::vector<std::optional<std::string>>> get(std::vector<std::string> keys) override {
        std::vector<std::optional<std::string>> found(open(keys).size());
        std::string value;
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (try_get(keys[i], value) == lookup::hit)
                found[i] = std::move(value);
        co_return found;
    }

    awaitable<std::vector<bool>> set(std::vector<new_entry> entries) override {
        std::vector<bool> stored;
        for (const auto& e : open(entries)) {
            const auto k = hashed(e.key);
            stored.push_back(shard_of(k).set(k, e.value, e.ttl, e.only_if_absent));
        }
        co_return stored;
    }

    awaitable<std::vector<erased>> erase(std::vector<std::string> keys) override {
        std::vector<erased> gone;
        for (const auto& key : open(keys))
            gone.push_back(shard_of(hashed(key)).erase(hashed(key)));
        co_return gone;
    }

    awaitable<std::vector<std::optional<milliseconds>>> time_left(std::vector<std::string> keys) override {
        std::vector<std::optional<milliseconds>> left;
        for (const auto& key : open(keys))
            left.push_back(shard_of(hashed(key)).time_left(hashed(key)));
        co_return left;
    }

    awaitable<std::vector<expire_outcome>> expire(std::vector<std::string> keys, milliseconds ttl) override {
        std::vector<expire_outcome> outcomes;
        for (const auto& key : open(keys))
            outcomes.push_back(shard_of(hashed(key)).expire(hashed(key), ttl));
        co_return outcomes;
    }

    awaitable<std::int64_t> add(std::string key, std::int64_t amount, milliseconds ttl) override {
        const auto k = hashed(open(key));
        co_return shard_of(k).add(k, amount, ttl);
    }

    awaitable<replace_outcome> replace(replacement r) override {
        const auto k = hashed(open(r).entry.key);
        co_return shard_of(k).replace(k, r);
    }

    awaitable<lease_answer> lease(lease_request r) override {
        const auto k = hashed(open(r).key);
        co_return shard_of(k).lease(k, r.token);
    }

    awaitable<bool> end_lease(lease_request r) override {
        const auto k = hashed(open(r).key);
        co_return shard_of(k).end_lease(k, r.token);
    }

    std::shared_ptr<const version_slot> slot(std::string name, nesting) override { return versions_.slot(name); }

    awaitable<std::vector<std::uint64_t>> versions(std::vector<std::string> names) override {
        std::vector<std::uint64_t> found;
        try_versions(open(names), found);
        co_return found;
    }

    bool try_versions(std::span<const std::string> names, std::vector<std::uint64_t>& to) override {
        for (const auto& name : names)
            to.push_back(versions_.version(name));
        return true;
    }

    awaitable<void> bump(std::vector<std::string> names) override {
        for (const auto& name : open(names))
            versions_.bump(name);
        co_return;
    }

    awaitable<std::optional<std::uint64_t>> acquire(lock_request r) override { co_return locks_.acquire(open(r)); }
    awaitable<bool> extend(lock_request r) override { co_return locks_.extend(open(r)); }
    awaitable<bool> release(lock_request r) override { co_return locks_.release(open(r)); }

    // Round the shards, so that none is left out where one alone has enough to do.
    std::size_t sweep() override {
        std::size_t count = 0;
        for (std::size_t i = 0; i < shards_.size() && count < swept_at_once; ++i)
            count += shards_[next_to_sweep_++ % shards_.size()]->sweep(swept_at_once - count);
        return count;
    }

    // Shard by shard; a cursor is the shard's number and, within it, the key to go on behind: `3:user:17`.
    awaitable<key_page> keys_in_store(std::string prefix, std::string cursor, std::size_t limit) const override {
        key_page page;
        auto [shard, after] = place_in(open(cursor));
        for (std::size_t looked = 0; shard < shards_.size() && looked < listed_at_once; ++shard, after.clear()) {
            looked += shards_[shard]->list(prefix, after, limit - page.keys.size(), page.keys);
            if (page.keys.size() == limit) {
                page.next = std::to_string(shard) + ":" + page.keys.back();
                co_return page;
            }
        }
        if (shard < shards_.size())
            page.next = std::to_string(shard) + ":";
        co_return page;
    }

    store_stats stats() const override {
        store_stats sum{.bytes = versions_.bytes() + locks_.bytes()};
        for (const auto& each : shards_)
            each->add_to(sum);
        return sum;
    }

    awaitable<void> stop(deadline) override {
        stopped_ = true;
        co_return;
    }

    std::string description() const override {
        const auto mib = options_.max_bytes >> 20;
        return "memory: " + (mib ? std::to_string(mib) + " MiB" : std::to_string(options_.max_bytes >> 10) + " KiB");
    }

private:
    hashed_key hashed(std::string_view key) const noexcept { return {key, hash_key(key, seed_)}; }

    // By the upper bits: the table of the shard uses the lower ones.
    memory_shard& shard_of(const hashed_key& k) const noexcept {
        return *shards_[(k.hash >> 48) & (shards_.size() - 1)];
    }

    template <class T>
    const T& open(const T& argument) const {
        if (stopped_)
            throw error(infra::errc::closed, "the cache's store has been stopped");
        return argument;
    }

    const memory_options options_;
    const hash_seed seed_;
    std::vector<std::unique_ptr<memory_shard>> shards_;
    memory_versions versions_;
    memory_locks locks_;
    std::atomic<std::size_t> next_to_sweep_{0};
    std::atomic<bool> stopped_{false};
};

} // namespace

std::shared_ptr<store> make_memory_store(memory_options options, clock& time) {
    return std::make_shared<memory_store>(options, time);
}

} // namespace infra::cache
