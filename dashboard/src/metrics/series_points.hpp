#pragma once

// One series over time, in few bytes: only what changed is written down, counters and histograms as differences. A counter that grows with
// every look takes some four bytes a point, one that rests nothing.

#include <infra/monitoring/metrics.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace infra::dashboard {

/// Of time: so many intervals since the history began.
using tick = std::int64_t;

/// What a series says in one tick.
struct series_point {
    tick at = 0;
    double value = 0; ///< of a gauge; of a counter by how much it grew; of a histogram the growth of its sum
    std::span<const std::uint64_t> observed = {}; ///< of a histogram: the growth of each bucket
};

class series_points {
public:
    explicit series_points(bool is_gauge) noexcept : is_gauge_(is_gauge) {}

    /// Later than all before.
    void add(const series_point& p);

    /// Of a gauge the last value of before stays: it is that of what comes first.
    void forget_before(tick first);

    bool empty() const noexcept { return count_ == 0; }
    std::size_t bytes() const noexcept { return bytes_.capacity(); }

    /// Calls `visit(const series_point&)` in order of time. `observed` is valid during the call.
    template <class Visit>
    void each(Visit visit) const {
        reader in(*this);
        while (in.next())
            visit(in.point);
    }

private:
    class reader {
    public:
        explicit reader(const series_points& of) : of_(of), at_(of.begin_) { point.at = of.first_; }
        bool next();
        std::size_t position() const noexcept { return at_; }
        series_point point;

    private:
        std::uint64_t number();
        double amount();
        std::vector<std::uint64_t> observed_;
        const series_points& of_;
        std::size_t at_;
        bool first_ = true;
    };
    void put_number(std::uint64_t n);
    void put_amount(double value);
    void compact();

    const bool is_gauge_;
    std::string bytes_;     // of entries: ticks since the one before, value, buckets that grew
    std::size_t begin_ = 0; // what is before is forgotten
    tick first_ = 0;        // of the entry at begin_
    tick last_ = 0;
    std::size_t count_ = 0;
    std::size_t buckets_ = 0;
};

} // namespace infra::dashboard
