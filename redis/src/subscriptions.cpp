#include "subscriptions.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace infra::redis::detail {
namespace {

constexpr std::array<std::string_view, 3> subscribe_verbs{"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"};
constexpr std::array<std::string_view, 3> unsubscribe_verbs{"UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"};

command about(std::string_view verb, const interest& i) {
    command made{verb, i.name};
    made.again(replay::idempotent);
    return made;
}

// The first word of a list of texts; empty of all else.
std::string_view first_word(const reply& r) {
    const bool is_list = r.type() == reply::kind::push || r.type() == reply::kind::array;
    if (!is_list || r.items().empty() || r.items().front().type() != reply::kind::text)
        return {};
    return r.items().front().as_text();
}

} // namespace

std::vector<interest> interests_of(const subscribe_request& request) {
    std::vector<interest> out;
    for (const auto& each : request.channels)
        out.push_back({channel_kind::channel, each});
    for (const auto& each : request.patterns)
        out.push_back({channel_kind::pattern, each});
    for (const auto& each : request.shard_channels)
        out.push_back({channel_kind::shard, each});
    return out;
}

command subscribe_to(const interest& i) { return about(subscribe_verbs[static_cast<std::size_t>(i.kind)], i); }
command unsubscribe_from(const interest& i) { return about(unsubscribe_verbs[static_cast<std::size_t>(i.kind)], i); }

void subscriptions::add(listener who, const std::vector<interest>& to) {
    for (const auto& each : to)
        by_interest_[each].insert(who);
}

std::vector<interest> subscriptions::remove(listener who) {
    std::vector<interest> unheard;
    for (auto it = by_interest_.begin(); it != by_interest_.end();) {
        if (it->second.erase(who) > 0 && it->second.empty()) {
            unheard.push_back(it->first);
            it = by_interest_.erase(it);
        } else {
            ++it;
        }
    }
    return unheard;
}

std::vector<interest> subscriptions::remove(listener who, const std::vector<interest>& from) {
    std::vector<interest> unheard;
    for (const auto& each : from) {
        const auto found = by_interest_.find(each);
        if (found == by_interest_.end() || found->second.erase(who) == 0 || !found->second.empty())
            continue;
        unheard.push_back(each);
        by_interest_.erase(found);
    }
    return unheard;
}

std::vector<interest> subscriptions::all() const {
    std::vector<interest> out;
    for (const auto& [each, who] : by_interest_)
        out.push_back(each);
    return out;
}

const std::set<subscriptions::listener>& subscriptions::listeners(const interest& to) const {
    static const std::set<listener> nobody;
    const auto found = by_interest_.find(to);
    return found == by_interest_.end() ? nobody : found->second;
}

std::set<subscriptions::listener> subscriptions::everybody() const {
    std::set<listener> out;
    for (const auto& [each, who] : by_interest_)
        out.insert(who.begin(), who.end());
    return out;
}

std::optional<std::pair<interest, message>> publication_in(reply& r) {
    const auto verb = first_word(r);
    const bool by_pattern = verb == "pmessage";
    if (!by_pattern && verb != "message" && verb != "smessage")
        return std::nullopt;
    const auto kind = by_pattern          ? channel_kind::pattern
                      : verb == "message" ? channel_kind::channel
                                          : channel_kind::shard;
    const auto& items = r.items();
    const std::size_t wanted = by_pattern ? 4 : 3;
    if (items.size() != wanted ||
        !std::ranges::all_of(items, [](const reply& i) { return i.type() == reply::kind::text; }))
        return std::nullopt;
    auto words = std::move(r).take_items();
    message m{.channel = std::move(words[wanted - 2]).take_text(), .payload = std::move(words[wanted - 1]).take_text()};
    if (by_pattern)
        m.pattern = std::move(words[1]).take_text();
    return std::pair(interest{kind, by_pattern ? m.pattern : m.channel}, std::move(m));
}

std::optional<interest> taken_off_by(const reply& r) {
    const auto verb = first_word(r);
    if (!verb.ends_with("unsubscribe") || r.items().size() < 2 || r.items()[1].type() != reply::kind::text)
        return std::nullopt;
    const auto kind = verb.starts_with('p')   ? channel_kind::pattern
                      : verb.starts_with('s') ? channel_kind::shard
                                              : channel_kind::channel;
    return interest{kind, r.items()[1].as_text()};
}

std::string_view channel_confirmed_by(const reply& r) {
    const bool named = !confirmed_by(r).empty() && r.items().size() > 1 && r.items()[1].type() == reply::kind::text;
    return named ? std::string_view(r.items()[1].as_text()) : std::string_view();
}

std::string_view confirmed_by(const reply& r) {
    const auto verb = first_word(r);
    return verb.ends_with("subscribe") ? verb : std::string_view();
}

} // namespace infra::redis::detail
