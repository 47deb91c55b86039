#include "near_reads.hpp"

#include "commands.hpp"

#include "../envelope.hpp"

#include <algorithm>

namespace infra::cache::redis_backend {
namespace {

using values = std::vector<std::optional<std::string>>;

/// Keys, and where their values belong.
struct missing_values {
    std::vector<std::string> keys{};
    std::vector<std::size_t> places{};
};

missing_values fill_from(near_cache& near, std::vector<std::string> keys, values& found) {
    missing_values missing;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        std::string copy;
        if (near.get(keys[i], copy)) {
            found[i] = std::move(copy);
        } else {
            missing.keys.push_back(std::move(keys[i]));
            missing.places.push_back(i);
        }
    }
    return missing;
}

void fill_with_old(near_cache& near, const missing_values& missing, std::int64_t now_ms, values& found) {
    for (std::size_t i = 0; i < missing.keys.size(); ++i)
        if (const auto copy = near.last_seen(missing.keys[i]))
            found[missing.places[i]] = demoted(*copy, now_ms);
}

} // namespace

std::vector<near_cache::ticket> tickets_for(near_cache* near, const std::vector<std::string>& keys) {
    std::vector<near_cache::ticket> tickets;
    if (near)
        for (const auto& each : keys)
            tickets.push_back(near->ask(each));
    return tickets;
}

std::optional<std::string> demoted(std::string_view copy, std::int64_t now_ms) {
    auto read = open(copy);
    if (!read || !read->cover || now_ms >= read->cover->dead_at_ms)
        return std::nullopt;
    auto& cover = *read->cover;
    cover.created_ms = std::min(cover.created_ms, now_ms); // a clock that was set back
    cover.fresh_until_ms = std::min(cover.fresh_until_ms, now_ms);
    return seal(cover, copy.substr(read->payload_at));
}

std::vector<std::uint64_t> seen_last(slots& of, near_cache* near, const std::vector<std::string>& names) {
    std::vector<std::uint64_t> versions;
    const auto in_slots = of.seen_last(names);
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto version = in_slots[i];
        if (!version && near)
            if (const auto copy = near->last_seen(names[i]))
                version = number_in<std::uint64_t>(*copy);
        versions.push_back(version.value_or(unheard_of));
    }
    return versions;
}

awaitable<values> read_through(std::shared_ptr<line> to, std::shared_ptr<near_cache> near,
                               std::vector<std::string> keys, bool ask) {
    values found(keys.size());
    const auto missing = fill_from(*near, std::move(keys), found);
    if (missing.keys.empty())
        co_return found;
    const auto tickets = tickets_for(near.get(), missing.keys);
    answer<std::vector<redis::reply>> answers;
    if (ask)
        answers = co_await line::ask(to, get_with_times(missing.keys), purpose::read);
    if (!answers) {
        fill_with_old(*near, missing, to_unix_ms(to->time().wall()), found);
        co_return found;
    }
    auto read = items_in(std::move((*answers).front()), missing.keys.size());
    for (std::size_t i = 0; i < missing.keys.size(); ++i) {
        const auto left = time_left_in((*answers)[i + 1]);
        auto& value = found[missing.places[i]] = text_in(std::move(read[i]));
        if (value && left)
            near->keep(tickets[i], missing.keys[i], *value, *left);
    }
    co_return found;
}

} // namespace infra::cache::redis_backend
