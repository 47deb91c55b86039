#include "watch.hpp"

#include <algorithm>

namespace infra::dashboard {

channel_watch::seen* channel_watch::found_or_made(const realtime::channel_info& c, steady_time now) {
    if (const auto found = channels_.find(c.name); found != channels_.end())
        return &found->second;
    if (channels_.size() >= most)
        std::erase_if(channels_, [now](const auto& each) {
            return now - each.second.last.at > drops_concern && !drops(each.second, now);
        });
    if (channels_.size() >= most)
        return nullptr;
    const sample first{now, c.published};
    return &channels_.emplace(c.name, seen{.before = first, .last = first}).first->second;
}

// A channel that was left and came again counts from nothing.
void channel_watch::note_drops(seen& s, std::uint64_t dropped, steady_time now, wall_time at) {
    if (dropped < s.dropped)
        s.dropped = s.dropped_then = 0;
    if (dropped > s.dropped) {
        if (!drops(s, now)) {
            s.dropped_then = s.dropped;
            s.since = at;
        }
        s.dropped_at = now;
    }
    s.dropped = dropped;
}

channel_pace channel_watch::look(const realtime::channel_info& c, steady_time now, wall_time at) {
    const std::scoped_lock lock(mutex_);
    auto* const s = found_or_made(c, now);
    if (!s)
        return {};
    note_drops(*s, c.dropped, now, at);
    if (c.published < s->last.published)
        s->before = s->last = {now, c.published};
    if (now - s->last.at >= window) {
        s->before = s->last;
        s->last = {now, c.published};
    }
    channel_pace made;
    const auto over = std::chrono::duration<double>(now - s->before.at).count();
    if (over >= 1)
        made.per_second = static_cast<double>(c.published - s->before.published) / over;
    if (drops(*s, now)) {
        made.dropped_lately = s->dropped - s->dropped_then;
        made.dropping_since = s->since;
    }
    return made;
}

std::vector<channel_drops> channel_watch::dropping(steady_time now) const {
    std::vector<channel_drops> all;
    const std::scoped_lock lock(mutex_);
    for (const auto& [name, s] : channels_)
        if (drops(s, now))
            all.push_back({.name = name, .dropped = s.dropped - s.dropped_then, .since = s.since});
    std::ranges::sort(all, std::ranges::greater(), &channel_drops::dropped);
    return all;
}

} // namespace infra::dashboard
