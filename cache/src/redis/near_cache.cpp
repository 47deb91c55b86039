#include "near_cache.hpp"

#include <infra/base/id.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <span>

namespace infra::cache::redis_backend {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t bytes_per_shard = std::size_t{4} << 20;
constexpr std::size_t max_shards = 64;
constexpr std::size_t swept_at_once = 10'000; // of one shard: a millisecond under its lock

std::uint64_t secret_seed() {
    std::uint64_t seed = 0;
    random_bytes(std::as_writable_bytes(std::span(&seed, 1)));
    return seed;
}

bool hears(std::uint64_t era) noexcept { return era % 2 == 1; }

// Behind the value, where taking it off moves nothing.
void append_era(std::string& value, std::uint64_t era) {
    value.append(reinterpret_cast<const char*>(&era), sizeof era);
}

/// Passes on what is of an era between two.
struct reader_of_eras final : value_reader {
    reader_of_eras(std::uint64_t o, std::uint64_t n, value_reader& t) noexcept : oldest(o), newest(n), to(t) {}

    void read(std::string_view copy) override {
        std::uint64_t era = 0;
        copy.remove_suffix(sizeof era);
        std::memcpy(&era, copy.data() + copy.size(), sizeof era);
        passed = oldest <= era && era <= newest;
        if (passed)
            to.read(copy);
    }

    const std::uint64_t oldest;
    const std::uint64_t newest;
    value_reader& to;
    bool passed = false;
};

} // namespace

near_cache::near_cache(const near_cache_options& o, std::shared_ptr<slots> versions, clock& time)
    : options_(o), seed_(secret_seed()), versions_(std::move(versions)) {
    const auto count = std::min(max_shards, std::bit_ceil(std::max<std::size_t>(1, o.max_bytes / bytes_per_shard)));
    for (std::size_t i = 0; i < count; ++i)
        shards_.push_back(std::make_unique<memory_shard>(o.max_bytes / count, time));
}

bool near_cache::read(std::string_view key, value_reader& to) {
    const auto now = era_.load(std::memory_order_acquire);
    return hears(now) && read_copy(key, now, now, to);
}

std::optional<std::string> near_cache::last_seen(std::string_view key) {
    const auto oldest = oldest_era_.load(std::memory_order_acquire);
    std::string value;
    string_reader copy(value);
    if (!read_copy(key, oldest, std::numeric_limits<std::uint64_t>::max(), copy))
        return std::nullopt;
    return value;
}

bool near_cache::read_copy(std::string_view key, std::uint64_t oldest, std::uint64_t newest, value_reader& to) {
    const auto k = hashed(key);
    reader_of_eras reader(oldest, newest, to);
    return shard_of(k).read(k, reader) && reader.passed;
}

near_cache::ticket near_cache::ask(std::string_view key) {
    auto& in = stripe_of(hashed(key));
    const std::scoped_lock lock(in.mutex);
    return {.era = era_.load(std::memory_order_acquire), .changes = in.changes};
}

void near_cache::keep(const ticket& t, std::string_view key, std::string value, milliseconds left) {
    const auto k = hashed(key);
    auto& in = stripe_of(k);
    const std::scoped_lock lock(in.mutex);
    if (is_good(t, in) && is_kept(key))
        put(k, std::move(value), left, t.era);
}

void near_cache::keep_version(const ticket& t, const std::string& name, std::uint64_t version) {
    const auto k = hashed(name);
    auto& in = stripe_of(k);
    const std::scoped_lock lock(in.mutex);
    if (!is_good(t, in) || !is_kept(name))
        return;
    put(k, std::to_string(version), options_.max_age, t.era);
    versions_->know(name, version);
}

// What is too large for it is read from the server each time.
void near_cache::put(const hashed_key& k, std::string value, milliseconds left, std::uint64_t era) {
    append_era(value, era);
    try {
        shard_of(k).set(k, value, std::min(left, options_.max_age), false);
    } catch (const error& e) {
        if (e.code() != errc::too_large)
            throw;
    }
}

bool near_cache::is_good(const ticket& t, const stripe& in) const noexcept {
    return hears(t.era) && t.era == era_.load(std::memory_order_acquire) && t.changes == in.changes;
}

// Without memory too: an old copy must not stay.
void near_cache::drop(std::string_view key) noexcept {
    const auto k = hashed(key);
    auto& in = stripe_of(k);
    const std::scoped_lock lock(in.mutex);
    ++in.changes;
    shard_of(k).forget(k);
    versions_->doubt(key);
}

void near_cache::changed(const std::vector<std::string>& keys) {
    for (const auto& each : keys)
        drop(each);
}

void near_cache::listening() {
    const std::scoped_lock lock(turning_);
    begin_era(true);
}

void near_cache::deaf() {
    const std::scoped_lock lock(turning_);
    begin_era(false);
}

// Who is deaf stays so, whoever says that everything is gone.
void near_cache::all_changed() {
    const std::scoped_lock lock(turning_);
    begin_era(hears(era_.load(std::memory_order_acquire)));
    oldest_era_.store(era_.load(std::memory_order_acquire), std::memory_order_release);
}

void near_cache::begin_era(bool hearing) {
    const auto next = era_.load(std::memory_order_acquire) + 1;
    era_.store(hears(next) == hearing ? next : next + 1, std::memory_order_release);
    for (auto& each : stripes_) // whoever found the old one good has kept by now what he had
        const std::scoped_lock lock(each.mutex);
    versions_->doubt_all();
}

std::size_t near_cache::sweep() {
    std::size_t count = 0;
    for (const auto& each : shards_)
        count += each->sweep(swept_at_once);
    return count;
}

void near_cache::add_to(store_stats& sum) const {
    for (const auto& each : shards_)
        each->add_to(sum);
}

} // namespace infra::cache::redis_backend
