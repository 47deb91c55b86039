#include "memory_shard.hpp"

#include "decimal.hpp"

#include <time.h>

#include <cstring>
#include <limits>
#include <mutex>
#include <new>

namespace infra::cache {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t swept_with_each_write = 4;

// More loads at once than an eighth has room for, and what the next ones give is not stored.
std::size_t lease_budget(std::size_t capacity) { return std::max<std::size_t>(capacity / 8, 65'536); }
std::size_t cost_of_lease(std::string_view key) noexcept { return key.size() + 192; }

// A place in the table: a pointer and a byte, in a table that is half to seven eighths full.
constexpr std::size_t cost_in_table = 14;

// What the allocator makes of a request: its own word in front, in steps of 16, 32 at least.
constexpr std::size_t heap_bytes(std::size_t asked) noexcept {
    return std::max<std::size_t>(32, (asked + 8 + 15) & ~15UL);
}

std::optional<std::string> value_of(const memory_item* item) {
    return item ? std::optional<std::string>(item->value()) : std::nullopt;
}

// Some milliseconds behind the steady clock, for a fraction of what that costs: the processor's counter is not read.
steady_time steady_at_last_tick() noexcept {
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
    return steady_time(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
}

bool is_as_seen(const memory_item* item, const std::optional<std::string>& seen) {
    return item ? seen && item->value() == *seen : !seen;
}

} // namespace

memory_item* memory_item::make(std::uint64_t hash, std::string_view key, std::string_view value) {
    auto* item = new (::operator new(sizeof(memory_item) + key.size() + value.size())) memory_item;
    item->fingerprint = hash;
    item->cost = static_cast<std::uint32_t>(cost_of(key.size(), value.size()));
    item->key_size_ = static_cast<std::uint32_t>(key.size());
    item->value_size_ = static_cast<std::uint32_t>(value.size());
    key.copy(item->text(), key.size());
    value.copy(item->text() + key.size(), value.size());
    return item;
}

void memory_item::free(memory_item* item) noexcept {
    item->~memory_item();
    ::operator delete(item);
}

std::size_t memory_item::cost_of(std::size_t key_size, std::size_t value_size) noexcept {
    return heap_bytes(sizeof(memory_item) + key_size + value_size) + cost_in_table;
}

memory_shard::memory_shard(std::size_t capacity, clock& time)
    : time_(time), on_real_time_(&time == &real_clock()), policy_(capacity), wheel_(time.steady()) {}

memory_shard::~memory_shard() {
    for (const auto& each : table_)
        memory_item::free(each.item);
}

bool memory_shard::read(hashed_key k, value_reader& to) {
    {
        const std::scoped_lock lock(mutex_.of_this_thread());
        const auto found = table_.find(k);
        if (found == table_.end())
            return false;
        auto& item = *found->item;
        if (!item.has_end() || !is_over(item)) {
            s3_fifo::touch(item);
            to.read(item.value());
            return true;
        }
    }
    const std::scoped_lock lock(mutex_);
    find(k); // which drops it
    return false;
}

bool memory_shard::set(hashed_key k, std::string_view value, milliseconds ttl, bool only_if_absent) {
    const std::scoped_lock lock(mutex_);
    forget_over(time_.steady(), swept_with_each_write);
    auto* old = find(k);
    if (old && only_if_absent)
        return false;
    put(k, value, end_of(ttl), old);
    return true;
}

erased memory_shard::erase(hashed_key k) {
    const std::scoped_lock lock(mutex_);
    drop_lease(k);
    auto* item = find(k);
    if (!item)
        return {};
    erased gone{.there = true};
    if (item->is_sealed())
        gone.sealed = item->value();
    drop(*item);
    return gone;
}

std::optional<milliseconds> memory_shard::time_left(hashed_key k) {
    const std::scoped_lock lock(mutex_);
    const auto* item = find(k);
    if (!item)
        return std::nullopt;
    if (!item->has_end())
        return forever;
    return std::chrono::ceil<milliseconds>(item->expires - time_.steady());
}

expire_outcome memory_shard::expire(hashed_key k, milliseconds ttl) {
    const std::scoped_lock lock(mutex_);
    auto* item = find(k);
    if (!item)
        return expire_outcome::absent;
    if (item->is_sealed())
        return expire_outcome::sealed;
    drop_lease(k);
    expiry_wheel::remove(*item);
    item->expires = end_of(ttl);
    wheel_.add(*item);
    return expire_outcome::done;
}

std::int64_t memory_shard::add(hashed_key k, std::int64_t amount, milliseconds ttl) {
    const std::scoped_lock lock(mutex_);
    auto* item = find(k);
    if (item)
        s3_fifo::touch(*item);
    const auto sum = sum_of(item ? item->value() : "0", amount);
    put(k, std::to_string(sum), item ? item->expires : end_of(ttl), item);
    return sum;
}

replace_outcome memory_shard::replace(hashed_key k, const replacement& r) {
    const std::scoped_lock lock(mutex_);
    forget_over(time_.steady(), swept_with_each_write);
    auto* old = find(k);
    // A lease is over with any write, so what was seen and is gone under one has gone by itself.
    if (r.token.empty() ? !is_as_seen(old, r.seen) : !is_held(k, r.token))
        return {.found = value_of(old)};
    put(k, r.entry.value, old && r.keeps_time ? old->expires : end_of(r.entry.ttl), old);
    return {.done = true};
}

lease_answer memory_shard::lease(hashed_key k, const std::string& token) {
    const std::scoped_lock lock(mutex_);
    drop_lease(k);
    if (lease_bytes_ + cost_of_lease(k.key) <= lease_budget(policy_.capacity())) {
        leases_.emplace(k.key, token);
        lease_bytes_ += cost_of_lease(k.key);
    }
    return {.granted = true, .value = value_of(find(k))};
}

bool memory_shard::end_lease(hashed_key k, const std::string& token) {
    const std::scoped_lock lock(mutex_);
    const bool held = is_held(k, token);
    if (held)
        drop_lease(k);
    return held;
}

std::size_t memory_shard::sweep(std::size_t max) {
    const auto now = time_.steady();
    const std::scoped_lock lock(mutex_);
    const auto before = expirations_;
    forget_over(now, max);
    return expirations_ - before;
}

void memory_shard::add_to(store_stats& sum) const {
    const std::scoped_lock lock(mutex_);
    sum.entries += policy_.count();
    sum.bytes += policy_.used() + lease_bytes_;
    sum.evictions += evictions_;
    sum.expirations += expirations_;
}

memory_item* memory_shard::find(hashed_key k) {
    const auto found = table_.find(k);
    if (found == table_.end())
        return nullptr;
    auto* item = found->item;
    if (item->has_end() && is_over(*item)) {
        ++expirations_;
        drop(*item);
        return nullptr;
    }
    return item;
}

// Of one that has an end. The exact time costs a third of a hit, so it is asked for only where that is near.
bool memory_shard::is_over(const memory_item& item) const noexcept {
    constexpr auto near = std::chrono::seconds(1);
    const bool far_off = on_real_time_ && item.expires - steady_at_last_tick() > near;
    return !far_off && item.is_over(time_.steady());
}

steady_time memory_shard::end_of(milliseconds ttl) const noexcept {
    return ttl == forever ? steady_time::max() : saturating_add(time_.steady(), ttl);
}

bool memory_shard::is_held(hashed_key k, const std::string& token) const {
    const auto found = leases_.find(k.key);
    return found != leases_.end() && found->second == token;
}

void memory_shard::drop_lease(hashed_key k) {
    if (leases_.empty())
        return;
    const auto found = leases_.find(k.key);
    if (found == leases_.end())
        return;
    lease_bytes_ -= cost_of_lease(k.key);
    leases_.erase(found);
}

std::size_t memory_shard::most_for_one() const noexcept {
    return std::min<std::size_t>(policy_.capacity() / 2, std::numeric_limits<std::uint32_t>::max());
}

void memory_shard::put(hashed_key k, std::string_view value, steady_time expires, memory_item* old) {
    const auto cost = memory_item::cost_of(k.key.size(), value.size());
    if (cost > most_for_one())
        throw error(errc::too_large, "a value of " + std::to_string(value.size()) +
                                         " bytes has no room in the memory store, whose parts take " +
                                         std::to_string(most_for_one()) + "; raise max_bytes");
    std::unique_ptr<memory_item, memory_item::freer> fresh(memory_item::make(k.hash, k.key, value));
    fresh->expires = expires;
    drop_lease(k);
    if (old && cost <= old->cost)
        return put_in_place_of(*old, *fresh.release());
    const auto merits = old ? old->hits : std::uint8_t{0};
    if (old)
        drop(*old);
    make_room_for(cost);
    table_.insert(place{fresh.get()}); // may throw, and nothing else has been told of it
    policy_.insert(*fresh);
    fresh->hits = merits;
    wheel_.add(*fresh.release());
}

void memory_shard::put_in_place_of(memory_item& old, memory_item& fresh) noexcept {
    table_.find(hashed_key{old.key(), old.fingerprint})->item = &fresh;
    policy_.replace(old, fresh);
    expiry_wheel::remove(old);
    memory_item::free(&old);
    wheel_.add(fresh);
}

void memory_shard::make_room_for(std::size_t cost) {
    while (!policy_.has_room_for(cost)) {
        auto* victim = static_cast<memory_item*>(policy_.evict());
        if (!victim)
            return;
        ++evictions_;
        table_.erase(place{victim});
        expiry_wheel::remove(*victim);
        memory_item::free(victim);
    }
}

void memory_shard::drop(memory_item& item) noexcept {
    table_.erase(place{&item});
    policy_.erase(item);
    expiry_wheel::remove(item);
    memory_item::free(&item);
}

void memory_shard::forget_over(steady_time now, std::size_t max) {
    wheel_.advance(now, max, [this](wheel_hook& h) {
        ++expirations_;
        drop(static_cast<memory_item&>(h));
    });
}

} // namespace infra::cache
