#include "error_groups.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error_signature.hpp>

#include <algorithm>

namespace infra::dashboard {
namespace {

std::int64_t minute_of(wall_time t) noexcept {
    return std::chrono::floor<std::chrono::minutes>(t).time_since_epoch().count();
}

std::string_view error_of(const logging::record_view& line) noexcept {
    const auto found = std::ranges::find(line.fields, "error", &logging::record_field::key);
    return found != line.fields.end() && found->value.type() == field_value::kind::text ? found->value.text()
                                                                                        : std::string_view();
}

std::string error_text(const logging::record_view& line) {
    std::string text(line.message.substr(0, 200));
    if (const auto why = error_of(line); !why.empty())
        text.append(": ").append(why.substr(0, 200));
    return encoding::to_utf8(text);
}

} // namespace

void by_minute::add(wall_time at, std::uint64_t amount) noexcept {
    const auto minute = minute_of(at);
    if (minute > newest_) {
        const auto passed = std::min<std::int64_t>(minute - newest_, minutes);
        for (std::int64_t i = 0; i < passed; ++i)
            counts_[static_cast<std::size_t>(minute - i) % minutes] = 0;
        newest_ = minute;
    }
    if (minute > newest_ - static_cast<std::int64_t>(minutes))
        counts_[static_cast<std::size_t>(minute) % minutes] += amount;
}

std::vector<std::uint64_t> by_minute::each(wall_time now, std::size_t of_minutes) const {
    std::vector<std::uint64_t> out;
    const auto last = minute_of(now);
    for (auto minute = last - static_cast<std::int64_t>(of_minutes) + 1; minute <= last; ++minute) {
        const bool kept = minute <= newest_ && minute > newest_ - static_cast<std::int64_t>(minutes);
        out.push_back(kept ? counts_[static_cast<std::size_t>(minute) % minutes] : 0);
    }
    return out;
}

std::uint64_t by_minute::sum(wall_time now, std::size_t of_minutes) const noexcept {
    std::uint64_t all = 0;
    const auto last = minute_of(now);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(of_minutes); ++i) {
        const auto minute = last - i;
        if (minute <= newest_ && minute > newest_ - static_cast<std::int64_t>(minutes))
            all += counts_[static_cast<std::size_t>(minute) % minutes];
    }
    return all;
}

void error_groups::note(std::span<const logging::record_view> lines) noexcept {
    const std::scoped_lock lock(mutex_);
    for (const auto& each : lines) {
        levels_[std::min<std::size_t>(static_cast<std::size_t>(each.severity), 3)].add(each.time);
        if (each.severity < level::error)
            continue;
        try {
            note_error(each);
        } catch (const std::bad_alloc&) { // it is in the log all the same
        }
    }
}

void error_groups::note_error(const logging::record_view& line) {
    const auto text = error_text(line);
    const auto key = std::string(line.module.substr(0, 100)) + '\n' + error_signature(text);
    auto found = groups_.find(key);
    if (found == groups_.end()) {
        if (groups_.size() >= most)
            groups_.erase(std::ranges::min_element(groups_, {}, [](const auto& g) { return g.second.group.last; }));
        found =
            groups_
                .emplace(key,
                         kept{.group = {.module = encoding::to_utf8(line.module.substr(0, 100)), .first = line.time},
                              .counts = {}})
                .first;
    }
    auto& [group, counts] = found->second;
    group.text = text;
    group.last = line.time;
    if (line.span.trace)
        group.trace = line.span.trace;
    counts.add(line.time);
}

std::vector<error_group> error_groups::within(wall_time now, std::size_t minutes) const {
    std::vector<error_group> out;
    const std::scoped_lock lock(mutex_);
    for (const auto& [key, each] : groups_)
        if (const auto count = each.counts.sum(now, minutes); count > 0) {
            out.push_back(each.group);
            out.back().count = count;
        }
    std::ranges::sort(out, std::ranges::greater(), &error_group::count);
    return out;
}

std::uint64_t error_groups::count(level l, wall_time now, std::size_t minutes) const {
    const std::scoped_lock lock(mutex_);
    return levels_[static_cast<std::size_t>(l)].sum(now, minutes);
}

std::vector<std::uint64_t> error_groups::each_minute(level l, wall_time now, std::size_t minutes) const {
    const std::scoped_lock lock(mutex_);
    return levels_[static_cast<std::size_t>(l)].each(now, minutes);
}

} // namespace infra::dashboard
