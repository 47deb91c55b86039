#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace infra::realtime::bench {

/// Counts in buckets of at most 1/32 of their value.
class latencies {
public:
    void add(std::int64_t nanoseconds) noexcept {
        ++counts_[bucket(nanoseconds < 0 ? 0 : static_cast<std::uint64_t>(nanoseconds))], ++all_;
    }
    void clear() noexcept { *this = {}; }

    double percentile_ms(double share) const noexcept {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(all_));
        std::uint64_t so_far = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i)
            if ((so_far += counts_[i]) > wanted)
                return static_cast<double>(upper(i)) / 1e6;
        return 0;
    }

private:
    static constexpr unsigned fine = 5;
    static std::size_t bucket(std::uint64_t v) noexcept {
        const auto width = static_cast<unsigned>(std::bit_width(v | ((1u << fine) - 1)));
        const auto shift = width - fine;
        return (std::size_t(shift) << fine) + static_cast<std::size_t>(v >> shift);
    }
    static std::uint64_t upper(std::size_t index) noexcept {
        const auto shift = index >> fine;
        return (std::uint64_t(index & ((1u << fine) - 1)) + 1) << shift;
    }

    std::array<std::uint64_t, 2048> counts_{};
    std::uint64_t all_ = 0;
};

} // namespace infra::realtime::bench
