#include "places.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <charconv>

namespace infra::realtime::event_stream {
namespace {

std::string_view take_part(std::string_view& text, char separator) noexcept {
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

// Epochs are percent-encoded, so that their last dot is ours.
std::optional<position> parse_place(std::string_view text) {
    const auto dot = text.rfind('.');
    if (dot == std::string_view::npos)
        return std::nullopt;
    const auto epoch = encoding::percent_decode(text.substr(0, dot));
    const auto digits = text.substr(dot + 1);
    std::uint64_t offset = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
    if (!epoch || epoch->empty() || failed != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return position{.epoch = *epoch, .offset = offset};
}

} // namespace

std::vector<wanted_channel> wanted_channels(std::string_view query) {
    std::vector<wanted_channel> all;
    bool doubled = false;
    while (!query.empty()) {
        auto pair = take_part(query, '&');
        const auto name = encoding::form_decode(take_part(pair, '='));
        auto value = encoding::form_decode(pair);
        if (!name || !value)
            continue;
        if (*name == "channel") {
            doubled = std::ranges::any_of(all, [&](const auto& each) { return each.name == *value; });
            if (!doubled)
                all.push_back({.name = std::move(*value)});
        } else if (*name == "token" && !all.empty() && !doubled) {
            all.back().token = std::move(*value);
        }
    }
    return all;
}

places::places(const std::vector<wanted_channel>& channels, std::string_view last_event_id) {
    const auto parts = last_event_id.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(last_event_id, ',')) + 1;
    for (const auto& each : channels) {
        all_.push_back({.channel = each.name});
        if (parts == channels.size())
            all_.back().at = parse_place(take_part(last_event_id, ',')).value_or(position());
    }
}

std::optional<position> places::of(std::string_view channel) const {
    const auto found = std::ranges::find(all_, channel, &place::channel);
    return found == all_.end() || found->at.epoch.empty() ? std::nullopt : std::optional(found->at);
}

void places::move(std::string_view channel, position to) {
    if (const auto found = std::ranges::find(all_, channel, &place::channel); found != all_.end())
        found->at = std::move(to);
}

std::string places::to_id() const {
    std::string id;
    bool known = false;
    for (const auto& each : all_) {
        if (&each != &all_.front())
            id += ',';
        if (each.at.epoch.empty())
            continue;
        known = true;
        id += encoding::percent_encode(each.at.epoch) + '.' + std::to_string(each.at.offset);
    }
    return known ? id : std::string();
}

} // namespace infra::realtime::event_stream
