#include "claim_size.hpp"

#include <algorithm>

namespace infra::queue {
namespace {

constexpr std::size_t small = 16; // places, which have nothing to gain from halves

std::size_t less(std::size_t all, std::size_t some) noexcept { return all - std::min(all, some); }
std::size_t half(std::size_t all) noexcept { return all - all / 2; }

} // namespace

claim_size next_claim(const occupancy& o) noexcept {
    const bool is_small = o.concurrency < small;
    if (o.claims >= (is_small ? 1 : 2))
        return {};
    const auto places = less(o.concurrency, o.taken + o.asked);
    const auto ahead = less(o.ahead, less(o.taken, o.concurrency) + o.asked_ahead);
    if (places > 0)
        return {std::min(places, is_small ? o.concurrency : o.concurrency / 2),
                std::min(ahead, is_small ? o.ahead : half(o.ahead))};
    if (!o.backlog || ahead < half(o.ahead))
        return {};
    return {.ahead = is_small ? ahead : half(o.ahead)};
}

} // namespace infra::queue
