#include "series.hpp"

#include <infra/base/context_slot.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <time.h>

namespace infra::monitoring::detail {
namespace {

double load(const cell& c) noexcept { return std::bit_cast<double>(c.load(std::memory_order_relaxed)); }

// Only the owner of a copy writes it, so nothing is lost between the load and the store.
void plus(cell& c, double amount) noexcept {
    c.store(std::bit_cast<std::uint64_t>(load(c) + amount), std::memory_order_relaxed);
}
void plus_one(cell& c) noexcept { c.store(c.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

// A histogram's copy: a version, a request, its answer and the values, then the values as last handed out.
//
// The values are the number of the latest one's bucket, a sum and the buckets, which begin with 0, that of none. The
// latest is counted in its bucket when the next one comes. To count it at once is to add at an address that is still being
// worked out: the processor reads ahead past such a store and, where that was wrong, starts again, which in a loop of
// observations costs as much as all the rest.
constexpr std::size_t version_at = 0, asked_at = 1, answered_at = 2, values_at = 3;
constexpr std::size_t latest_at = values_at, sum_at = values_at + 1, buckets_at = values_at + 2;

constexpr std::size_t values_with(std::size_t bounds) noexcept { return 2 + 1 + bounds + 1; }
constexpr std::size_t values_in(std::size_t copy_size) noexcept { return (copy_size - values_at) / 2; }

histogram_value read_values(std::span<const cell> values) {
    const auto latest = values[0].load(std::memory_order_relaxed);
    histogram_value read{.sum = load(values[1])};
    for (const auto& bucket : values.subspan(3))
        read.buckets.push_back(bucket.load(std::memory_order_relaxed));
    if (latest > 0)
        ++read.buckets[latest - 1];
    return read;
}

// Empty if the owner was inside record() meanwhile, when the version is odd or has moved on.
std::optional<histogram_value> read_if_quiet(std::span<const cell> copy) {
    const auto before = copy[version_at].load(std::memory_order_acquire);
    if (before % 2 != 0)
        return std::nullopt;
    auto read = read_values(copy.subspan(values_at, values_in(copy.size())));
    std::atomic_thread_fence(std::memory_order_acquire);
    return copy[version_at].load(std::memory_order_relaxed) == before ? std::optional(std::move(read)) : std::nullopt;
}

// One thread's part of a histogram, sum and buckets of the same moment. An owner that is quiet is simply read. One that
// never is gets asked, and answers with a copy when it leaves record(): so one of the two always succeeds. The owner may
// have been interrupted inside, hence the yielding; if it does not come back for 100 ms, what is there is taken.
histogram_value read_copy(std::span<const cell> copy) {
    static std::mutex one_reader; // an answer stands until the next request
    const std::scoped_lock lock(one_reader);
    if (auto read = read_if_quiet(copy))
        return *std::move(read);
    const auto values = values_in(copy.size());
    auto& asked = const_cast<cell&>(copy[asked_at]);
    const auto request = asked.fetch_add(1, std::memory_order_acq_rel) + 1;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    do {
        if (copy[answered_at].load(std::memory_order_acquire) == request)
            return read_values(copy.subspan(values_at + values, values));
        if (auto read = read_if_quiet(copy))
            return *std::move(read);
        std::this_thread::yield();
    } while (std::chrono::steady_clock::now() < patience);
    return read_values(copy.subspan(values_at, values));
}

void answer(cell* own, std::size_t values, std::uint64_t request) noexcept {
    for (std::size_t i = values_at; i < values_at + values; ++i)
        own[values + i].store(own[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
    own[answered_at].store(request, std::memory_order_release);
}

void add_copy(histogram_value& to, std::span<const cell> copy) {
    const auto read = read_copy(copy);
    to.sum += read.sum;
    for (std::size_t i = 0; i < read.buckets.size(); ++i) {
        to.buckets[i] += read.buckets[i];
        to.count += read.buckets[i];
    }
}

histogram_value minus(histogram_value now, const histogram_value& before) {
    if (before.buckets.empty())
        return now;
    now.count -= before.count;
    now.sum = now.count == 0 ? 0 : now.sum - before.sum;
    for (std::size_t i = 0; i < now.buckets.size(); ++i)
        now.buckets[i] -= before.buckets[i];
    return now;
}

std::uint32_t cells_for(const family_info& f) noexcept {
    switch (f.type) {
    case metric_type::counter: return 2;
    case metric_type::gauge: return 0;
    case metric_type::histogram: return static_cast<std::uint32_t>(values_at + 2 * values_with(f.bounds.size()));
    }
    return 0;
}

// Steps of some milliseconds, for a tenth of what the exact time costs.
std::int64_t coarse_time() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// How many bounds are below the value. Of few ones all are compared, which takes vector instructions and no branch that
// depends on the value: a search mispredicts about two of those.
std::size_t bucket_of(std::span<const double> bounds, double value) noexcept {
    constexpr std::size_t few = 32;
    if (bounds.size() > few)
        return static_cast<std::size_t>(std::ranges::lower_bound(bounds, value) - bounds.begin());
    std::size_t below = 0;
    for (const double bound : bounds)
        below += bound < value ? 1 : 0;
    return below;
}

exemplars* make_exemplars(const series& of) noexcept {
    try {
        auto made = std::make_unique<exemplars>(of.of->bounds.size() + 1);
        exemplars* there = nullptr;
        return of.examples.compare_exchange_strong(there, made.get(), std::memory_order_acq_rel) ? made.release()
                                                                                                 : there;
    } catch (const std::bad_alloc&) { // then without
        return nullptr;
    }
}

[[gnu::noinline]] void note_exemplar(const series& s, std::size_t slot, double value) noexcept {
    const auto* node = infra::detail::slot_get();
    if (!s.of->exemplars || !node || !node->span.sampled())
        return;
    auto* all = s.examples.load(std::memory_order_acquire);
    if (!all)
        all = make_exemplars(s);
    if (all)
        all->put(slot, value, node->span);
}

} // namespace

// --- exemplars ---

void exemplars::put(std::size_t slot, double value, const infra::span_context& under) noexcept {
    auto& to = slots_[slot];
    const auto now = coarse_time();
    if (to.written.load(std::memory_order_relaxed) == now || to.busy.exchange(true, std::memory_order_acquire))
        return;
    to.written.store(now, std::memory_order_relaxed);
    to.kept = {under.trace, under.span, value, wall_time(std::chrono::nanoseconds(now))};
    to.busy.store(false, std::memory_order_release);
}

exemplar exemplars::read(const slot& from) noexcept {
    if (from.busy.exchange(true, std::memory_order_acquire))
        return {};
    const auto kept = from.kept;
    from.busy.store(false, std::memory_order_release);
    return kept;
}

std::vector<exemplar> exemplars::all() const {
    std::vector<exemplar> out;
    std::ranges::transform(slots_, std::back_inserter(out), read);
    return out;
}

void exemplars::clear() noexcept {
    for (auto& each : slots_)
        if (!each.busy.exchange(true, std::memory_order_acquire)) { // else one is being written that is newer
            each.kept = {};
            each.busy.store(false, std::memory_order_release);
        }
}

// --- what handles do ---

namespace {

bool is_asked(const cell* own) noexcept {
    return own[asked_at].load(std::memory_order_acquire) != own[answered_at].load(std::memory_order_relaxed);
}

// What is rare stands in functions of its own that are called last, so that the usual way saves no register.
[[gnu::noinline]] void after_record(const series& s, cell* own, std::size_t bucket, double value) noexcept {
    if (is_asked(own))
        answer(own, values_with(s.of->bounds.size()), own[asked_at].load(std::memory_order_acquire));
    if (infra::detail::may_be_sampled())
        note_exemplar(s, bucket, value);
}

template <auto Use, class Amount>
[[gnu::noinline, gnu::cold]] void use_first(const series& s, Amount amount) noexcept {
    if (s.cells->touch())
        Use(s, amount);
}

} // namespace

// Not inlined, here and below: my_shard and the current span are this thread's, and the caller may be a coroutine.
[[gnu::noinline]] void add_whole(const series& s, std::uint64_t amount) noexcept {
    auto* const own = s.cells->mine();
    if (!own) [[unlikely]]
        return use_first<&add_whole>(s, amount);
    own[0].store(own[0].load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    if (infra::detail::may_be_sampled())
        note_exemplar(s, 0, static_cast<double>(amount));
}

[[gnu::noinline]] void add(const series& s, double amount) noexcept {
    if (!(amount >= 0) || !std::isfinite(amount))
        return;
    auto* const own = s.cells->mine();
    if (!own) [[unlikely]]
        return use_first<&add>(s, amount);
    plus(own[1], amount);
    if (infra::detail::may_be_sampled())
        note_exemplar(s, 0, amount);
}

void set(const series& s, double value) noexcept {
    s.level.store(value, std::memory_order_relaxed);
    if (!s.touched.load(std::memory_order_relaxed))
        s.touched.store(true, std::memory_order_relaxed);
}

void change(const series& s, double by) noexcept {
    s.level.fetch_add(by, std::memory_order_relaxed);
    if (!s.touched.load(std::memory_order_relaxed))
        s.touched.store(true, std::memory_order_relaxed);
}

[[gnu::noinline]] void record(const series& s, double value) noexcept {
    if (std::isnan(value))
        return;
    auto* const own = s.cells->mine();
    if (!own) [[unlikely]]
        return use_first<&record>(s, value);
    const auto bucket = bucket_of(s.of->bounds, value);
    const auto version = own[version_at].load(std::memory_order_relaxed);
    own[version_at].store(version + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    plus(own[sum_at], value);
    plus_one(own[buckets_at + own[latest_at].load(std::memory_order_relaxed)]);
    own[latest_at].store(bucket + 1, std::memory_order_relaxed);
    own[version_at].store(version + 2, std::memory_order_release);
    if (is_asked(own) || infra::detail::may_be_sampled()) [[unlikely]]
        after_record(s, own, bucket, value);
}

// --- series ---

series::series(std::shared_ptr<const family_info> f, const label_set& l)
    : of(std::move(f)), text(l.text()), labels(l.map()) {
    if (const auto count = cells_for(*of)) {
        auto range = cell_range::allocate(count);
        if (!range)
            throw std::length_error("all 8 million cells for metrics are taken");
        cells.emplace(std::move(*range));
    }
}

series::~series() { delete examples.load(std::memory_order_acquire); }

double series::value(const cell_reader& reader) const {
    if (of->type != metric_type::counter)
        return level.load(std::memory_order_relaxed);
    std::uint64_t whole = 0;
    double sum = 0;
    reader.for_each_copy(*cells, [&](std::span<const cell> copy) {
        whole += copy[0].load(std::memory_order_relaxed);
        sum += load(copy[1]);
    });
    return static_cast<double>(whole) + sum - value_before;
}

histogram_value series::distribution(const cell_reader& reader) const {
    histogram_value all{.bounds = of->bounds, .buckets = std::vector<std::uint64_t>(of->bounds.size() + 1)};
    reader.for_each_copy(*cells, [&all](std::span<const cell> copy) { add_copy(all, copy); });
    return minus(std::move(all), distribution_before);
}

std::vector<exemplar> series::exemplars_now() const {
    const auto* latest = examples.load(std::memory_order_acquire);
    return latest ? latest->all() : std::vector<exemplar>();
}

} // namespace infra::monitoring::detail
