#include "histogram.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <new>
#include <numeric>
#include <optional>
#include <thread>

namespace infra::monitoring::detail {
namespace {

using layout = own_histogram;

std::size_t values_in(std::size_t copy_size) noexcept { return (copy_size - layout::values_at) / 2; }

// Half the version is how many observations are complete. If so many are counted, the latest is not; if one more, the owner
// stands inside record(), past counting the latest of those that are complete.
observations read_values(std::span<const cell> values, std::uint64_t version) {
    const auto latest = values[layout::latest_at].load(std::memory_order_acquire);
    observations read{.sum = std::bit_cast<double>(values[layout::sum_at].load(std::memory_order_relaxed)),
                      .above_all = values[layout::above_all_at].load(std::memory_order_relaxed),
                      .below_all = values[layout::below_all_at].load(std::memory_order_relaxed)};
    auto counted = values[layout::buckets_at].load(std::memory_order_relaxed);
    for (const auto& bucket : values.subspan(layout::buckets_at + 1))
        counted += read.buckets.emplace_back(bucket.load(std::memory_order_relaxed));
    if (latest > 0 && counted == version / 2)
        ++read.buckets[latest - 1];
    return read;
}

enum class owner { is_outside, may_stand_inside };

// Empty if the owner came or went meanwhile, when the version has moved on, or if it is inside record(), when it is odd, and
// must not be.
std::optional<observations> read_if_still(std::span<const cell> values, owner where) {
    const auto before = values[layout::version_at].load(std::memory_order_acquire);
    if (where == owner::is_outside && before % 2 != 0)
        return std::nullopt;
    auto read = read_values(values, before);
    std::atomic_thread_fence(std::memory_order_acquire);
    return values[layout::version_at].load(std::memory_order_relaxed) == before ? std::optional(std::move(read))
                                                                                : std::nullopt;
}

constinit std::mutex one_reader; // an answer stands until the next request

// One thread's part of a histogram, sum and buckets of the same moment. An owner that is quiet is simply read. One that
// never is gets asked, and answers with a copy when it leaves record(): so one of the two always succeeds. The owner may
// have been interrupted inside, hence the yielding. If it does not come back for 100 ms, it is read where it stands; one
// that moves just then runs again, and answers.
observations read_copy(std::span<const cell> copy, bool orphaned) {
    const std::scoped_lock lock(one_reader);
    const auto size = values_in(copy.size());
    const auto values = copy.subspan(layout::values_at, size), handed_out = copy.subspan(layout::values_at + size);
    if (auto read = read_if_still(values, orphaned ? owner::may_stand_inside : owner::is_outside))
        return *std::move(read);
    auto& asked = const_cast<cell&>(copy[layout::asked_at]);
    const auto request = asked.fetch_add(1, std::memory_order_acq_rel) + 1;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    constexpr int late_rounds = 1000; // it takes two, but whatever the owner does, a scrape ends
    for (int late = 0; late < late_rounds; late += std::chrono::steady_clock::now() < patience ? 0 : 1) {
        if (copy[layout::answered_at].load(std::memory_order_acquire) == request)
            return read_values(handed_out, handed_out[layout::version_at].load(std::memory_order_relaxed));
        if (auto read = read_if_still(values, late == 0 ? owner::is_outside : owner::may_stand_inside))
            return *std::move(read);
        std::this_thread::yield();
    }
    return read_values(values, values[layout::version_at].load(std::memory_order_acquire));
}

} // namespace

void own_histogram::answer(std::size_t bounds) const noexcept {
    const auto request = own_[asked_at].load(std::memory_order_acquire);
    const auto size = values_with(bounds);
    for (std::size_t i = 0; i < size; ++i)
        values_[size + i].store(values_[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
    own_[answered_at].store(request, std::memory_order_release);
}

void forget_readers() noexcept { ::new (&one_reader) std::mutex; }

void add_copy(observations& to, std::span<const cell> copy, bool orphaned) {
    const auto read = read_copy(copy, orphaned);
    to.sum += read.sum;
    to.above_all += read.above_all;
    to.below_all += read.below_all;
    for (std::size_t i = 0; i < read.buckets.size(); ++i)
        to.buckets[i] += read.buckets[i];
}

histogram_value difference(const observations& before, const observations& now, const std::vector<double>& bounds) {
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    histogram_value out{.bounds = bounds, .buckets = now.buckets};
    for (std::size_t i = 0; i < before.buckets.size(); ++i)
        out.buckets[i] -= before.buckets[i];
    out.count = std::accumulate(out.buckets.begin(), out.buckets.end(), std::uint64_t(0));
    if (out.count == 0)
        return out;
    out.sum = std::isfinite(before.sum) ? now.sum - before.sum : now.sum; // finite values may exceed a double together
    if (now.above_all > before.above_all)
        out.sum += infinity;
    if (now.below_all > before.below_all)
        out.sum -= infinity;
    return out;
}

} // namespace infra::monitoring::detail
