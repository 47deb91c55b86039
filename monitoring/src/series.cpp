#include "series.hpp"

#include "histogram.hpp"

#include <infra/base/context_slot.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

#include <time.h>

namespace infra::monitoring::detail {
namespace {

double load(const cell& c) noexcept { return std::bit_cast<double>(c.load(std::memory_order_relaxed)); }

// Only the owner of a copy writes it, so nothing is lost between the load and the store.
void plus(cell& c, double amount) noexcept {
    c.store(std::bit_cast<std::uint64_t>(load(c) + amount), std::memory_order_relaxed);
}

std::uint32_t cells_for(const family_info& f) noexcept {
    switch (f.type) {
    case metric_type::counter: return 2;
    case metric_type::gauge: return 0;
    case metric_type::histogram: return static_cast<std::uint32_t>(own_histogram::cells_with(f.bounds.size()));
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

// What is rare stands in functions of its own that are called last, so that the usual way saves no register.
[[gnu::noinline]] void after_record(const series& s, own_histogram own, std::size_t bucket, double value) noexcept {
    if (own.is_asked())
        own.answer(s.of->bounds.size());
    if (infra::detail::may_be_sampled())
        note_exemplar(s, bucket, value);
}

template <auto Sum>
[[gnu::always_inline]] inline void record_in(const series& s, cell* mine, double value) noexcept {
    const auto bucket = bucket_of(s.of->bounds, value);
    const own_histogram own(mine);
    const auto version = own.enter();
    (own.*Sum)(value);
    own.count_latest();
    own.note_latest(bucket);
    own.leave(version);
    if (own.is_asked() || infra::detail::may_be_sampled()) [[unlikely]]
        after_record(s, own, bucket, value);
}

[[gnu::noinline, gnu::cold]] void record_infinite(const series& s, double value) noexcept {
    auto* const mine = std::isnan(value) ? nullptr : s.cells->touch();
    if (mine)
        record_in<&own_histogram::count_infinite>(s, mine, value);
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
    if (!std::isfinite(value)) [[unlikely]]
        return record_infinite(s, value);
    auto* const mine = s.cells->mine();
    if (!mine) [[unlikely]]
        return use_first<&record>(s, value);
    record_in<&own_histogram::sum_up>(s, mine, value);
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
    reader.for_each_copy(*cells, [&](std::span<const cell> copy, bool) {
        whole += copy[0].load(std::memory_order_relaxed);
        sum += load(copy[1]);
    });
    return static_cast<double>(whole) + sum - value_before;
}

observations series::observed(const cell_reader& reader) const {
    observations all{.buckets = std::vector<std::uint64_t>(of->bounds.size() + 1)};
    reader.for_each_copy(*cells, [&all](std::span<const cell> copy, bool orphaned) { add_copy(all, copy, orphaned); });
    return all;
}

histogram_value series::distribution(const cell_reader& reader) const {
    return difference(observed_before, observed(reader), of->bounds);
}

double series::progress(const cell_reader& reader) const {
    if (of->type != metric_type::histogram)
        return value(reader);
    std::uint64_t versions = 0;
    reader.for_each_copy(*cells,
                         [&](std::span<const cell> copy, bool) { versions += own_histogram::version_of(copy); });
    return static_cast<double>(versions);
}

std::vector<exemplar> series::exemplars_now() const {
    const auto* latest = examples.load(std::memory_order_acquire);
    return latest ? latest->all() : std::vector<exemplar>();
}

} // namespace infra::monitoring::detail
