#include "sites.hpp"

namespace infra::logging::detail {
namespace {

// Files are told apart by where their names stand, which the compiler makes once for each.
std::uint64_t key_of(const std::source_location& where) noexcept {
    auto key = reinterpret_cast<std::uintptr_t>(where.file_name()) * 0x9e37'79b9'7f4a'7c15U;
    key ^= (std::uint64_t(where.line()) << 32 | where.column()) * 0xbf58'476d'1ce4'e5b9U;
    key ^= key >> 29;
    return key | 1; // 0 is an empty place
}

} // namespace

std::optional<std::uint64_t> site::due_every(std::chrono::nanoseconds period, steady_time now) noexcept {
    auto until = silent_until.load(std::memory_order_relaxed);
    while (now.time_since_epoch().count() >= until) {
        const auto next = saturating_add(now, period).time_since_epoch().count();
        if (silent_until.compare_exchange_weak(until, next, std::memory_order_relaxed))
            return left_out.exchange(0, std::memory_order_relaxed);
    }
    left_out.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
}

std::optional<std::uint64_t> site::due_one_in(std::uint64_t n) noexcept {
    if (n <= 1 || calls.fetch_add(1, std::memory_order_relaxed) % n == 0)
        return left_out.exchange(0, std::memory_order_relaxed);
    left_out.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
}

site* sites::find(const std::source_location& where) noexcept {
    const auto key = key_of(where);
    for (std::size_t i = 0; i < farthest; ++i) {
        auto& each = table_[(key + i) % size];
        auto found = each.key.load(std::memory_order_acquire);
        if (found == 0 && each.key.compare_exchange_strong(found, key, std::memory_order_acq_rel))
            return &each;
        if (found == key)
            return &each;
    }
    return nullptr;
}

sites& all_sites() noexcept {
    static auto& one = *new sites;
    return one;
}

} // namespace infra::logging::detail
