#pragma once

// What waits for one client.

#include <infra/realtime/outbox.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace infra::realtime {
namespace detail {

/// What was let go of in one place.
struct gap {
    std::shared_ptr<const channel_facts> channel;
    std::uint64_t dropped = 0;
    std::uint64_t offset = 0; // of the last one

    void add(std::uint64_t more, std::uint64_t last) noexcept {
        dropped += more;
        offset = std::max(offset, last);
    }
    // What its notice counts for, whatever the numbers in it will be.
    std::size_t size() const noexcept { return channel->name.size() + 96; }
};

struct entry {
    enum class kind : std::uint8_t { dead, message, answer, gap };

    frame of;               // of a gap: its notice, made when it is looked at
    std::string_view bytes; // what is sent of it
    const channel_facts* channel =
        nullptr; // of an answer too: what was dropped before a gap of the hub's is told of before it
    std::unique_ptr<gap> missing;
    kind what = kind::dead;

    bool is_message_of(const channel_facts* c) const noexcept { return what == kind::message && channel == c; }
    bool is_gap() const noexcept { return what == kind::gap; }
};
static_assert(sizeof(entry) * 8 / 5 + 208 <= kept_beside_each, "its part of it, and frame.cpp's");

frame notice_of(const gap& g);

/// Of a frame that is sent in this encoding.
std::size_t cost_of(const frame& f, std::string_view encoded, std::size_t beside) noexcept;

} // namespace detail

// What waits, in the order of leaving: the rest of what has begun to leave, frames of the transport's own, the queue. Only the queue is
// ever reordered or dropped from, so nobody need ask whether a frame in it has begun.
struct outbox::state {
    using gap = detail::gap;
    using entry = detail::entry;

    struct {
        frame of;
        std::string own;
        std::string_view rest;
        std::size_t beside = 0;
    } leaving;
    std::unique_ptr<std::deque<std::string>> controls; // seldom any
    boost::container::small_vector<entry, 4> queue;
    std::size_t first = 0; // of the queue, not dead
    std::size_t dead = 0;
    std::size_t beside_each = 0;
    std::size_t message_bytes = 0; // these four as bytes() counts them
    std::size_t answer_bytes = 0;
    std::size_t control_bytes = 0;
    std::size_t gap_bytes = 0;
    std::uint64_t dropped = 0; // since the outbox has looked

    bool is_empty() const noexcept { return leaving.rest.empty() && !controls && first == queue.size(); }
    std::size_t waiting() const noexcept { return message_bytes + gap_bytes + leaving.rest.size() + leaving.beside; }
    bool fits(std::size_t cost, std::size_t most) const noexcept {
        return waiting() + cost <= most || (message_bytes == 0 && leaving.rest.empty());
    }
    std::size_t cost_of(const entry& e) const noexcept { return detail::cost_of(e.of, e.bytes, beside_each); }
    std::size_t cost_of(const gap& g) const noexcept { return g.size() + beside_each; }

    void append(const frame& f, std::string_view bytes, entry::kind what);
    bool make_room(const frame& f, std::size_t cost, std::size_t most);
    bool could_free(const channel_facts* of, std::size_t bytes) const noexcept;
    void drop_those_of(const channel_facts* of, std::string_view key);
    void drop_all_but_the_last_of_each_key(const channel_facts* of);
    void drop(std::size_t at);
    void note_dropped(const std::shared_ptr<const channel_facts>& channel, std::uint64_t offset);

    std::unique_ptr<gap> take_gap_before(std::size_t at);
    gap* gap_behind(std::size_t at) noexcept;
    void bury(entry& e) noexcept;
    void tidy();

    std::size_t gather(std::span<std::string_view> into, std::string_view (*gap_as)(const frame&));
    std::size_t finish_leaving(std::size_t bytes) noexcept;
    std::size_t finish_control(std::size_t bytes);
    std::size_t finish_first(std::size_t bytes);
};

} // namespace infra::realtime
