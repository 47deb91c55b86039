// What goes in and comes out, in order.

#include "state.hpp"

#include <functional>
#include <utility>

namespace infra::realtime {
namespace detail {
namespace {

bool is_part_of(std::string_view whole, std::string_view part) noexcept {
    const std::less_equal<> before;
    return before(whole.data(), part.data()) && before(part.data() + part.size(), whole.data() + whole.size());
}

} // namespace

// A compressed message keeps its text alive, which may be a hundred times as long.
std::size_t cost_of(const frame& f, std::string_view encoded, std::size_t beside) noexcept {
    return encoded.size() + beside + (is_part_of(f.websocket(), encoded) ? 0 : f.size());
}

frame notice_of(const gap& g) {
    message said{.type = "gap", .channel = g.channel->name, .data = {{"dropped", g.dropped}}};
    if (g.offset > 0)
        said.data.as_object().emplace("offset", g.offset);
    return frame(to_text(said), {.channel = g.channel, .offset = g.offset, .control = true});
}

} // namespace detail

void outbox::state::append(const frame& f, std::string_view bytes, entry::kind what) {
    queue.push_back({.of = f, .bytes = bytes, .channel = f.facts().channel.get(), .missing = nullptr, .what = what});
    (what == entry::kind::message ? message_bytes : answer_bytes) += cost_of(queue.back());
}

// --- Taking out ------------------------------------------------------------------------------------------------------

std::size_t outbox::state::gather(std::span<std::string_view> into, std::string_view (*gap_as)(const frame&)) {
    std::size_t taken = 0;
    const auto take = [&](std::string_view piece) { into[taken++] = piece; };
    if (!leaving.rest.empty() && taken < into.size())
        take(leaving.rest);
    if (controls)
        for (std::size_t i = 0; i < controls->size() && taken < into.size(); ++i)
            take((*controls)[i]);
    for (std::size_t i = first; i < queue.size() && taken < into.size(); ++i) {
        auto& each = queue[i];
        if (each.is_gap() && !each.of) {
            each.of = notice_of(*each.missing);
            each.bytes = gap_as ? gap_as(each.of) : each.of.websocket();
        }
        if (each.what != entry::kind::dead)
            take(each.bytes);
    }
    return taken;
}

// Each of these takes what was written off one piece, and says what is left to take off the next.
std::size_t outbox::state::finish_leaving(std::size_t bytes) noexcept {
    const auto taken = std::min(bytes, leaving.rest.size());
    leaving.rest.remove_prefix(taken);
    if (leaving.rest.empty()) {
        leaving.of = {};
        leaving.own = {};
        leaving.beside = 0;
    }
    return bytes - taken;
}

std::size_t outbox::state::finish_control(std::size_t bytes) {
    auto& front = controls->front();
    const auto size = front.size();
    control_bytes -= size;
    if (bytes < size) {
        leaving.own = std::move(front);
        leaving.rest = std::string_view(leaving.own).substr(bytes);
    }
    controls->pop_front();
    if (controls->empty())
        controls.reset();
    return bytes - std::min(bytes, size);
}

std::size_t outbox::state::finish_first(std::size_t bytes) {
    entry gone = std::move(queue[first]);
    queue[first] = {};
    ++dead;
    if (gone.is_gap())
        gap_bytes -= cost_of(*gone.missing);
    else
        (gone.what == entry::kind::message ? message_bytes : answer_bytes) -= cost_of(gone);
    const auto taken = std::min(bytes, gone.bytes.size());
    if (taken < gone.bytes.size()) {
        leaving.rest = gone.bytes.substr(taken);
        leaving.beside = cost_of(gone) - gone.bytes.size();
        leaving.of = std::move(gone.of);
    }
    tidy();
    return bytes - taken;
}

} // namespace infra::realtime
