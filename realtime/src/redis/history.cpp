// What the server has kept of a channel.

#include "hearing.hpp"
#include "scripts.hpp"
#include "wire.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace infra::realtime::over_redis {

redis::command read_command(const ground& on, const std::string& channel, const std::optional<position>& from,
                            std::size_t limit, bool by_node) {
    constexpr std::uint64_t exact = std::uint64_t(1) << 53; // Lua counts in doubles
    const auto offset = from ? std::min(from->offset, exact) : 0;
    const auto age = on.history_of(channel).age.count();
    return scripts::read
        .call({on.called.stream(channel), on.called.place(channel)},
              {from ? from->epoch : std::string(), offset, limit, age, fresh_epoch(),
               std::chrono::milliseconds(place_kept).count(), by_node ? "node" : "client"})
        .again(redis::replay::idempotent);
}

history_reply history_in(redis::reply r) {
    const auto& items = r.items();
    if (items.size() < 3)
        throw error(redis::errc::wrong_type, "what Redis says of a channel's history is too short");
    history_reply out{.now = {items[0].as_text(), static_cast<std::uint64_t>(items[1].as_integer())},
                      .read_to = static_cast<std::uint64_t>(items[2].as_integer())};
    for (std::size_t i = 3; i < items.size(); ++i) {
        const auto& each = items[i].items();
        if (each.size() != 4)
            throw error(redis::errc::wrong_type, "what Redis says of a message is not four things");
        out.entries.push_back({.offset = static_cast<std::uint64_t>(each[0].as_integer()),
                               .text = each[1].as_text(),
                               .expired = each[2].as_integer() != 0,
                               .age = std::chrono::milliseconds(std::max<std::int64_t>(each[3].as_integer(), 0))});
    }
    return out;
}

namespace {

// A gap that a node told of is a message of the history: whoever comes back must hear of it too.
std::optional<envelope> message_of(const history_reply::entry& e, const std::string& epoch) {
    if (e.expired)
        return std::nullopt;
    const position at{epoch, e.offset};
    auto said = read_channel(e.text, {}, at);
    auto* const what = std::get_if<item>(&said);
    if (!what || !what->what)
        return std::nullopt;
    if (auto* const message = std::get_if<envelope>(&*what->what)) {
        message->age = e.age;
        return std::move(*message);
    }
    envelope told{.at = at, .age = e.age};
    told.what.type = "gap";
    told.what.data = json::object{{"dropped", std::get<gap>(*what->what).dropped}};
    return told;
}

using part = std::span<const history_reply::entry>;

part part_of(const history_reply& r, const std::optional<position>& from) {
    if (!from || from->epoch != r.now.epoch)
        return r.entries;
    const auto first = std::ranges::upper_bound(r.entries, from->offset, {}, &history_reply::entry::offset);
    return {first, r.entries.end()};
}

bool is_whole(const position& from, std::size_t limit, const position& now, part there) {
    if (from.epoch != now.epoch || from.offset > now.offset || there.size() > limit)
        return false;
    if (there.empty())
        return from.offset == now.offset;
    return there.front().offset == from.offset + 1 && there.back().offset == now.offset &&
           there.size() == now.offset - from.offset;
}

} // namespace

missed missed_since(const std::optional<position>& from, std::size_t limit, const history_reply& r) {
    const auto there = part_of(r, from);
    missed out{.complete = !from || is_whole(*from, limit, r.now, there), .now = r.now};
    if (!out.complete)
        return out;
    for (const auto& each : there.first(std::min(limit, there.size())))
        if (auto message = message_of(each, r.now.epoch))
            out.messages.push_back(std::move(*message));
    if (!from)
        std::ranges::reverse(out.messages);
    return out;
}

} // namespace infra::realtime::over_redis
