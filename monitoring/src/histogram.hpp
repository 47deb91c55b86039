#pragma once

// A histogram's cells: how the thread they belong to observes, and how others read them meanwhile.

#include "cells.hpp"

#include <infra/monitoring/metrics.hpp>

#include <bit>

namespace infra::monitoring::detail {

/// One thread's copy, for that thread.
///
/// First a reader's request and the owner's answer to it, then the values, then the values as last handed out. The values
/// are a version, the number of the latest one's bucket, a sum, how many were infinite, and the buckets, which begin with 0,
/// that of none.
///
/// The latest is counted in its bucket when the next one comes. To count it at once is to add at an address that is still
/// being worked out: the processor reads ahead past such a store and, where that was wrong, starts again, which in a loop
/// of observations costs as much as all the rest.
class own_histogram {
public:
    static constexpr std::size_t asked_at = 0, answered_at = 1, values_at = 2;
    static constexpr std::size_t version_at = 0, latest_at = 1, sum_at = 2; // among the values
    static constexpr std::size_t above_all_at = 3, below_all_at = 4, buckets_at = 5;

    static constexpr std::size_t values_with(std::size_t bounds) noexcept { return buckets_at + 1 + bounds + 1; }
    static constexpr std::size_t cells_with(std::size_t bounds) noexcept { return values_at + 2 * values_with(bounds); }

    explicit own_histogram(cell* own) noexcept : own_(own), values_(own + values_at) {}

    // The steps of an observation, in their order. Between the first and the last the version is odd.
    std::uint64_t enter() const noexcept {
        const auto version = values_[version_at].load(std::memory_order_relaxed);
        values_[version_at].store(version + 1, std::memory_order_release); // who sees it sees the values from before it
        std::atomic_thread_fence(std::memory_order_release);
        return version;
    }
    void sum_up(double value) const noexcept {
        auto& sum = values_[sum_at]; // only the owner writes, so nothing is lost between the load and the store
        const auto before = std::bit_cast<double>(sum.load(std::memory_order_relaxed));
        sum.store(std::bit_cast<std::uint64_t>(before + value), std::memory_order_relaxed);
    }
    /// Instead of sum_up(), for an infinite value.
    void count_infinite(double value) const noexcept { plus_one(values_[value > 0 ? above_all_at : below_all_at]); }
    void count_latest() const noexcept {
        plus_one(values_[buckets_at + values_[latest_at].load(std::memory_order_relaxed)]);
    }
    void note_latest(std::size_t bucket) const noexcept {
        values_[latest_at].store(bucket + 1, std::memory_order_release); // who sees it sees the one before counted
    }
    void leave(std::uint64_t version) const noexcept {
        values_[version_at].store(version + 2, std::memory_order_release);
    }

    /// Grows with every observation.
    static std::uint64_t version_of(std::span<const cell> copy) noexcept {
        return copy[values_at + version_at].load(std::memory_order_relaxed);
    }

    /// Whether a reader waits for answer().
    bool is_asked() const noexcept {
        return own_[asked_at].load(std::memory_order_acquire) != own_[answered_at].load(std::memory_order_relaxed);
    }
    void answer(std::size_t bounds) const noexcept;

private:
    static void plus_one(cell& c) noexcept {
        c.store(c.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    cell* own_;
    cell* values_;
};

/// What was observed, by one thread or by all. Infinite values are not in the sum: what came since could not be told from it
/// any more.
struct observations {
    std::vector<std::uint64_t> buckets{};
    double sum = 0;
    std::uint64_t above_all = 0, below_all = 0; // infinite
};

/// Adds what one thread observed, its sum and buckets of the same moment.
void add_copy(observations& to, std::span<const cell> copy, bool orphaned);

/// In the child after a fork: whoever was reading is not there.
void forget_readers() noexcept;

/// What came since `before`, which may be nothing.
histogram_value difference(const observations& before, const observations& now, const std::vector<double>& bounds);

} // namespace infra::monitoring::detail
