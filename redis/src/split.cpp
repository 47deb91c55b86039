#include "split.hpp"

#include "command_keys.hpp"
#include "word.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace infra::redis::detail {
namespace {

constexpr std::array<std::string_view, 6> divisible{"MGET", "MSET", "DEL", "UNLINK", "EXISTS", "TOUCH"};

piece& piece_of(std::vector<piece>& all, std::map<std::uint16_t, std::size_t>& number, const command& whole,
                std::uint16_t slot) {
    const auto [at, is_new] = number.emplace(slot, all.size());
    if (is_new) {
        all.push_back({.what = command(whole.name()), .slot = slot});
        if (const auto declared = whole.declared_replay())
            all.back().what.again(*declared);
    }
    return all[at->second];
}

std::size_t keys_in(std::span<const piece> pieces) {
    std::size_t n = 0;
    for (const auto& each : pieces)
        n += each.places.size();
    return n;
}

// A server that gives fewer values than it was asked for gives nulls for the rest.
reply merged(std::span<const piece> pieces, std::vector<reply> replies) {
    reply::list all(keys_in(pieces));
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        auto values = std::move(replies[i]).take_items();
        for (std::size_t k = 0; k < std::min(values.size(), pieces[i].places.size()); ++k)
            all[pieces[i].places[k]] = std::move(values[k]);
    }
    return reply(std::move(all));
}

} // namespace

bool may_be_split(const command& c) {
    return std::ranges::any_of(divisible, [&](auto name) { return same_word(c.name(), name); });
}

std::vector<piece> split(const command& whole) {
    const auto words = whole.words();
    const std::size_t step = same_word(whole.name(), "MSET") ? 2 : 1;
    std::vector<piece> out;
    std::map<std::uint16_t, std::size_t> number;
    for (std::size_t i = 1, place = 0; i < words.size(); i += step, ++place) {
        auto& into = piece_of(out, number, whole, slot_of(words[i]));
        into.places.push_back(place);
        for (std::size_t k = i; k < std::min(i + step, words.size()); ++k)
            into.what.add(words[k]);
    }
    return out;
}

reply join(std::span<const piece> pieces, std::vector<reply> replies) {
    const auto failed = std::ranges::find_if(replies, [](const reply& r) { return r.is_error(); });
    if (failed != replies.end())
        return std::move(*failed);
    const auto& first = replies.front();
    if (first.type() == reply::kind::array)
        return merged(pieces, std::move(replies));
    if (first.type() != reply::kind::integer)
        return std::move(replies.front());
    std::int64_t sum = 0;
    for (const auto& each : replies)
        sum += each.as_integer();
    return reply(sum);
}

} // namespace infra::redis::detail
