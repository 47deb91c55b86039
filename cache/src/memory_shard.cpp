#include "memory_shard.hpp"

#include "decimal.hpp"

#include <time.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <mutex>

namespace infra::cache {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t swept_with_each_write = 4;

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

memory_shard::memory_shard(std::size_t capacity, clock& time)
    : time_(time), on_real_time_(&time == &real_clock()), policy_(capacity), wheel_(time.steady()), leases_(capacity) {}

memory_shard::~memory_shard() {
    for (const auto& each : table_)
        memory_item::free(each.item);
}

bool memory_shard::read(const hashed_key& k, value_reader& to) {
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

bool memory_shard::set(const hashed_key& k, std::string_view value, milliseconds ttl, bool only_if_absent) {
    const std::scoped_lock lock(mutex_);
    forget_over(time_.steady(), swept_with_each_write);
    auto* old = find(k);
    if (old && only_if_absent)
        return false;
    put(k, value, end_of(ttl), old);
    return true;
}

erased memory_shard::erase(const hashed_key& k) {
    const std::scoped_lock lock(mutex_);
    leases_.drop(k.key);
    auto* item = find(k);
    if (!item)
        return {};
    erased gone{.there = true};
    if (item->is_sealed())
        gone.sealed = item->value();
    drop(*item);
    return gone;
}

void memory_shard::forget(const hashed_key& k) noexcept {
    const std::scoped_lock lock(mutex_);
    leases_.drop(k.key);
    if (auto* item = find(k))
        drop(*item);
}

std::optional<milliseconds> memory_shard::time_left(const hashed_key& k) {
    const std::scoped_lock lock(mutex_);
    const auto* item = find(k);
    if (!item)
        return std::nullopt;
    if (!item->has_end())
        return forever;
    return std::chrono::ceil<milliseconds>(item->expires - time_.steady());
}

expire_outcome memory_shard::expire(const hashed_key& k, milliseconds ttl) {
    const std::scoped_lock lock(mutex_);
    auto* item = find(k);
    if (!item)
        return expire_outcome::absent;
    if (item->is_sealed())
        return expire_outcome::sealed;
    leases_.drop(k.key);
    expiry_wheel::remove(*item);
    item->expires = end_of(ttl);
    wheel_.add(*item);
    return expire_outcome::done;
}

std::int64_t memory_shard::add(const hashed_key& k, std::int64_t amount, milliseconds ttl) {
    const std::scoped_lock lock(mutex_);
    auto* item = find(k);
    if (item)
        s3_fifo::touch(*item);
    const auto sum = sum_of(item ? item->value() : "0", amount);
    put(k, std::to_string(sum), item ? item->expires : end_of(ttl), item);
    return sum;
}

replace_outcome memory_shard::replace(const hashed_key& k, const replacement& r) {
    const std::scoped_lock lock(mutex_);
    forget_over(time_.steady(), swept_with_each_write);
    auto* old = find(k);
    // A lease is over with any write, so what was seen and is gone under one has gone by itself.
    if (r.token.empty() ? !is_as_seen(old, r.seen) : !leases_.is_held(k.key, r.token))
        return {.found = value_of(old)};
    put(k, r.entry.value, old && r.keeps_time ? old->expires : end_of(r.entry.ttl), old);
    return {.done = true};
}

lease_answer memory_shard::lease(const hashed_key& k, const std::string& token) {
    const std::scoped_lock lock(mutex_);
    leases_.give(k.key, token);
    return {.granted = true, .value = value_of(find(k))};
}

bool memory_shard::end_lease(const hashed_key& k, const std::string& token) {
    const std::scoped_lock lock(mutex_);
    const bool held = leases_.is_held(k.key, token);
    if (held)
        leases_.drop(k.key);
    return held;
}

std::size_t memory_shard::sweep(std::size_t max) {
    const auto now = time_.steady();
    const std::scoped_lock lock(mutex_);
    const auto before = expirations_;
    forget_over(now, max);
    return expirations_ - before;
}

std::size_t memory_shard::list(std::string_view prefix, std::string_view after, std::size_t max,
                               std::vector<std::string>& to) {
    std::vector<std::string_view> found;
    const std::scoped_lock lock(mutex_.of_this_thread());
    for (const auto& each : table_)
        if (const auto key = each.item->key(); key.starts_with(prefix) && key > after && !is_over(*each.item))
            found.push_back(key);
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(max, found.size()));
    std::ranges::partial_sort(found, end);
    to.insert(to.end(), found.begin(), end);
    return table_.size();
}

void memory_shard::add_to(store_stats& sum) const {
    const std::scoped_lock lock(mutex_);
    sum.entries += policy_.count();
    sum.bytes += policy_.used() + leases_.bytes();
    sum.evictions += evictions_;
    sum.expirations += expirations_;
}

memory_item* memory_shard::find(const hashed_key& k) {
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

std::size_t memory_shard::most_for_one() const noexcept {
    return std::min<std::size_t>(policy_.capacity() / 2, std::numeric_limits<std::uint32_t>::max());
}

void memory_shard::put(const hashed_key& k, std::string_view value, steady_time expires, memory_item* old) {
    const auto cost = memory_item::cost_of(k.key.size(), value.size());
    if (cost > most_for_one())
        throw error(errc::too_large, "a value of " + std::to_string(value.size()) +
                                         " bytes has no room in the memory store, whose parts take " +
                                         std::to_string(most_for_one()) + "; raise max_bytes");
    std::unique_ptr<memory_item, memory_item::freer> fresh(memory_item::make(k.hash, k.key, value));
    fresh->expires = expires;
    leases_.drop(k.key);
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
