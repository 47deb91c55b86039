// Who makes room, and what takes the place of what was let go of.

#include "state.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace infra::realtime {

// --- Making room -----------------------------------------------------------------------------------------------------

// By what the channel wants, where the frame does not fit or (keep_latest) should not wait beside its like.
bool outbox::state::make_room(const frame& f, std::size_t cost, std::size_t most) {
    const auto* channel = f.facts().channel.get();
    if (channel->options.on_overflow == overflow::keep_latest) {
        drop_those_of(channel, f.facts().key);
        if (!fits(cost, most))
            drop_all_but_the_last_of_each_key(channel);
    }
    const auto for_the_gap = cost_of(gap{.channel = f.facts().channel});
    if (!fits(cost, most) && could_free(channel, waiting() + cost + for_the_gap - most))
        for (std::size_t i = first; i < queue.size() && !fits(cost, most); ++i)
            if (queue[i].is_message_of(channel))
                drop(i);
    tidy();
    return fits(cost, most);
}

bool outbox::state::could_free(const channel_facts* of, std::size_t bytes) const noexcept {
    std::size_t found = 0;
    for (std::size_t i = first; i < queue.size() && found < bytes; ++i)
        if (queue[i].is_message_of(of))
            found += cost_of(queue[i]);
    return found >= bytes;
}

void outbox::state::drop_those_of(const channel_facts* of, std::string_view key) {
    for (std::size_t i = first; i < queue.size(); ++i)
        if (queue[i].is_message_of(of) && queue[i].of.facts().key == key)
            drop(i);
}

void outbox::state::drop_all_but_the_last_of_each_key(const channel_facts* of) {
    std::unordered_set<std::string_view> later;
    for (std::size_t i = queue.size(); i-- > first;)
        if (queue[i].is_message_of(of) && !later.insert(queue[i].of.facts().key).second)
            drop(i);
}

// --- Letting go, and telling so --------------------------------------------------------------------------------------

// A gap takes the message's place; one that is next to it in the channel's order becomes one with it.
void outbox::state::drop(std::size_t at) {
    auto missing = take_gap_before(at);
    entry& gone = queue[at];
    const auto& facts = gone.of.facts();
    if (!missing)
        missing = std::make_unique<gap>(gap{.channel = facts.channel});
    missing->add(1, facts.offset);
    facts.channel->dropped.add();
    ++dropped;
    message_bytes -= cost_of(gone);
    if (auto* next = gap_behind(at)) {
        next->add(missing->dropped, missing->offset);
        return bury(gone);
    }
    gap_bytes += cost_of(*missing);
    gone.what = entry::kind::gap;
    gone.missing = std::move(missing);
    gone.of = {};
    gone.bytes = {};
}

// Of a message that does not go in: behind all that waits of its channel.
void outbox::state::note_dropped(const std::shared_ptr<const channel_facts>& channel, std::uint64_t offset) {
    channel->dropped.add();
    ++dropped;
    for (std::size_t i = queue.size(); i-- > first;) {
        if (queue[i].channel != channel.get())
            continue;
        if (!queue[i].is_gap())
            break;
        queue[i].of = {};
        return queue[i].missing->add(1, offset);
    }
    auto missing = std::make_unique<gap>(gap{.channel = channel, .dropped = 1, .offset = offset});
    gap_bytes += cost_of(*missing);
    queue.push_back(
        {.of = {}, .bytes = {}, .channel = channel.get(), .missing = std::move(missing), .what = entry::kind::gap});
}

std::unique_ptr<detail::gap> outbox::state::take_gap_before(std::size_t at) {
    for (std::size_t i = at; i-- > first;) {
        if (queue[i].channel != queue[at].channel)
            continue;
        if (!queue[i].is_gap())
            break;
        gap_bytes -= cost_of(*queue[i].missing);
        auto taken = std::move(queue[i].missing);
        bury(queue[i]);
        return taken;
    }
    return nullptr;
}

detail::gap* outbox::state::gap_behind(std::size_t at) noexcept {
    for (std::size_t i = at + 1; i < queue.size(); ++i) {
        if (queue[i].channel != queue[at].channel)
            continue;
        if (!queue[i].is_gap())
            break;
        queue[i].of = {};
        return queue[i].missing.get();
    }
    return nullptr;
}

void outbox::state::bury(entry& e) noexcept {
    e = entry{};
    ++dead;
}

// The dead go when they are at the front, or more than the living.
void outbox::state::tidy() {
    while (first < queue.size() && queue[first].what == entry::kind::dead) {
        ++first;
        --dead;
    }
    if (first == queue.size()) {
        queue.clear();
        first = 0;
    } else if (first + dead > 32 && first + dead > queue.size() / 2) {
        queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(first));
        const auto living =
            std::remove_if(queue.begin(), queue.end(), [](const entry& e) { return e.what == entry::kind::dead; });
        queue.erase(living, queue.end());
        first = dead = 0;
    }
}

} // namespace infra::realtime
