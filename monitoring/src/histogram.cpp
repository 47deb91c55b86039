#include "histogram.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

namespace infra::monitoring::detail {
namespace {

using layout = own_histogram;

std::size_t values_in(std::size_t copy_size) noexcept { return (copy_size - layout::values_at) / 2; }

histogram_value read_values(std::span<const cell> values) {
    const auto latest = values[layout::latest_at].load(std::memory_order_relaxed);
    histogram_value read{.sum = std::bit_cast<double>(values[layout::sum_at].load(std::memory_order_relaxed))};
    for (const auto& bucket : values.subspan(layout::buckets_at + 1))
        read.buckets.push_back(bucket.load(std::memory_order_relaxed));
    if (latest > 0)
        ++read.buckets[latest - 1];
    return read;
}

// Empty if the owner was inside record() meanwhile, when the version is odd or has moved on.
std::optional<histogram_value> read_if_quiet(std::span<const cell> values) {
    const auto before = values[layout::version_at].load(std::memory_order_acquire);
    if (before % 2 != 0)
        return std::nullopt;
    auto read = read_values(values);
    std::atomic_thread_fence(std::memory_order_acquire);
    return values[layout::version_at].load(std::memory_order_relaxed) == before ? std::optional(std::move(read))
                                                                                : std::nullopt;
}

// One thread's part of a histogram, sum and buckets of the same moment. An owner that is quiet is simply read. One that
// never is gets asked, and answers with a copy when it leaves record(): so one of the two always succeeds. The owner may
// have been interrupted inside, hence the yielding; if it does not come back for 100 ms, what is there is taken.
histogram_value read_copy(std::span<const cell> copy) {
    static std::mutex one_reader; // an answer stands until the next request
    const std::scoped_lock lock(one_reader);
    const auto size = values_in(copy.size());
    const auto values = copy.subspan(layout::values_at, size);
    if (auto read = read_if_quiet(values))
        return *std::move(read);
    auto& asked = const_cast<cell&>(copy[layout::asked_at]);
    const auto request = asked.fetch_add(1, std::memory_order_acq_rel) + 1;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    do {
        if (copy[layout::answered_at].load(std::memory_order_acquire) == request)
            return read_values(copy.subspan(layout::values_at + size));
        if (auto read = read_if_quiet(values))
            return *std::move(read);
        std::this_thread::yield();
    } while (std::chrono::steady_clock::now() < patience);
    return read_values(values);
}

} // namespace

void own_histogram::answer(std::size_t bounds) const noexcept {
    const auto request = own_[asked_at].load(std::memory_order_acquire);
    const auto size = values_with(bounds);
    for (std::size_t i = 0; i < size; ++i)
        values_[size + i].store(values_[i].load(std::memory_order_relaxed), std::memory_order_relaxed);
    own_[answered_at].store(request, std::memory_order_release);
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

} // namespace infra::monitoring::detail
