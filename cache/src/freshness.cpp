#include "freshness.hpp"

#include <algorithm>

namespace infra::cache {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds longest{std::int64_t{1} << 52}; // beyond it is for ever; the sums below cannot overflow

std::int64_t plus(std::int64_t at_ms, milliseconds d) noexcept {
    return at_ms == never_ms || d >= longest ? never_ms : at_ms + d.count();
}

milliseconds shortened(milliseconds ttl, double share) noexcept {
    if (ttl >= longest)
        return ttl;
    const auto cut = static_cast<std::int64_t>(static_cast<double>(ttl.count()) * share);
    return std::max(milliseconds(1), ttl - milliseconds(cut));
}

milliseconds time_until(std::int64_t end_ms, std::int64_t now_ms) noexcept {
    return end_ms == never_ms ? forever : milliseconds(std::max<std::int64_t>(1, end_ms - now_ms));
}

// A value from the future was made before the clock was set back: nobody knows for how long it would be fresh.
bool is_fresh(const envelope& e, std::int64_t now_ms) noexcept {
    constexpr std::int64_t skew_ms = 60'000; // between two machines
    return now_ms < e.fresh_until_ms && now_ms >= e.created_ms - skew_ms;
}

bool is_eager(const envelope& e, std::int64_t now_ms, double share) noexcept {
    if (share <= 0 || e.rearmed || e.none || e.fresh_until_ms == never_ms)
        return false;
    const auto life = static_cast<double>(e.fresh_until_ms - e.created_ms);
    return static_cast<double>(now_ms - e.created_ms) >= life * share;
}

} // namespace

bool is_fresh(const found_value& v, std::int64_t now_ms) noexcept { return !v.cover || is_fresh(*v.cover, now_ms); }

bool is_plainly_there(const found_value& v, std::int64_t now_ms) noexcept {
    return !v.cover || (!v.cover->none && is_fresh(v, now_ms));
}

verdict judge(const std::optional<found_value>& found, std::int64_t now_ms, const load_options& o,
              bool takes_none) noexcept {
    if (!found)
        return verdict::load;
    if (!found->cover)
        return verdict::serve;
    const auto& e = *found->cover;
    if (e.none && !takes_none)
        return verdict::load;
    if (is_fresh(e, now_ms))
        return is_eager(e, now_ms, o.eager) ? verdict::serve_and_refresh : verdict::serve;
    const bool stale = o.stale > milliseconds::zero() && now_ms < plus(e.fresh_until_ms, o.stale);
    return stale ? verdict::serve_and_refresh : verdict::load;
}

bool is_alive(const std::optional<found_value>& found, std::int64_t now_ms) noexcept {
    return found && found->cover && !found->cover->none && now_ms < found->cover->dead_at_ms;
}

bool may_stand_in(const std::optional<found_value>& found, std::int64_t now_ms, const load_options& o) noexcept {
    return o.grace > milliseconds::zero() && is_alive(found, now_ms);
}

storing plan_set(std::int64_t now_ms, milliseconds ttl, bool raw, std::vector<tag_version> tags) {
    // The store's clock alone ends it, so that expire() can do without rewriting.
    const bool bare = !raw && tags.empty();
    return {.cover = {.raw = raw, .created_ms = now_ms, .tags = std::move(tags)}, .bare = bare, .ttl = ttl};
}

storing plan_loaded(std::int64_t now_ms, milliseconds ttl, const load_options& o, double lot,
                    const std::optional<payload>& made, std::vector<tag_version> tags) {
    const auto fresh = shortened(ttl, o.jitter * lot);
    const auto after = made ? std::max(o.stale, o.grace) : milliseconds::zero();
    const auto fresh_until = plus(now_ms, fresh);
    const auto dead_at = plus(fresh_until, after);
    const bool raw = made && made->raw;
    const bool bare = made && !raw && tags.empty() && after == milliseconds::zero() && o.eager <= 0;
    return {.cover = {.raw = raw,
                      .none = !made,
                      .created_ms = now_ms,
                      .fresh_until_ms = fresh_until,
                      .dead_at_ms = dead_at,
                      .tags = std::move(tags)},
            .bare = bare,
            .ttl = time_until(dead_at, now_ms)};
}

storing plan_rearmed(std::int64_t now_ms, const envelope& old, milliseconds throttle) {
    auto cover = old;
    cover.rearmed = true;
    // An early refresh that failed takes nothing from a value that is fresh for longer.
    cover.fresh_until_ms = std::min(std::max(old.fresh_until_ms, plus(now_ms, throttle)), old.dead_at_ms);
    return {.cover = std::move(cover), .bare = false, .ttl = time_until(old.dead_at_ms, now_ms)};
}

storing plan_extended(std::int64_t now_ms, const found_value& old, milliseconds ttl) {
    if (!old.cover)
        return {.ttl = ttl};
    auto cover = *old.cover;
    if (cover.fresh_until_ms == never_ms) // the store's clock alone ends it
        return {.cover = std::move(cover), .bare = false, .ttl = ttl};
    const auto after = cover.dead_at_ms == never_ms ? longest : milliseconds(cover.dead_at_ms - cover.fresh_until_ms);
    cover.rearmed = false;
    cover.created_ms = now_ms;
    cover.fresh_until_ms = plus(now_ms, ttl);
    cover.dead_at_ms = plus(cover.fresh_until_ms, after);
    return {.cover = cover, .bare = false, .ttl = time_until(cover.dead_at_ms, now_ms)};
}

} // namespace infra::cache
