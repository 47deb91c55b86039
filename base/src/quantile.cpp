#include <infra/base/quantile.hpp>

#include <numeric>

namespace infra {

std::optional<double> quantile(std::span<const double> bounds, std::span<const std::uint64_t> observed,
                               double q) noexcept {
    const auto all = std::accumulate(observed.begin(), observed.end(), std::uint64_t(0));
    if (all == 0 || bounds.empty())
        return std::nullopt;
    const double rank = q * static_cast<double>(all);
    double below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        const auto here = static_cast<double>(observed[i]);
        if (below + here >= rank && here > 0) {
            const double from = i > 0 ? bounds[i - 1] : (bounds[0] > 0 ? 0 : bounds[0]);
            return from + (bounds[i] - from) * (rank - below) / here;
        }
        below += here;
    }
    return bounds.back();
}

} // namespace infra
