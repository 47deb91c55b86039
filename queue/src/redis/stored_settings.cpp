#include "stored_settings.hpp"

namespace infra::queue::redis_backend {
namespace {

constexpr std::string_view max_length = "infra.max_length";
constexpr std::string_view group_concurrency = "infra.group_concurrency";

/// The two fields of a rate limit.
struct rate_names {
    std::string_view max;
    std::string_view duration;
};
constexpr rate_names rate_of_queue{"max", "duration"};
constexpr rate_names rate_of_groups{"infra.group_max", "infra.group_duration"};

// A limit without a time is none: the worker's own is to fill it in, and ours have none.
rate_limit rate_in(const hash_fields& meta, const rate_names& names) {
    const auto duration = count_in(meta, names.duration);
    if (duration == 0)
        return {};
    return {.max = count_in(meta, names.max),
            .duration = std::chrono::milliseconds(static_cast<std::int64_t>(duration))};
}

void put(meta_change& into, std::string_view name, std::size_t value) {
    if (value > 0)
        into.set.emplace_back(name, std::to_string(value));
    else
        into.remove.emplace_back(name);
}

void put(meta_change& into, const rate_names& names, const rate_limit& rate) {
    put(into, names.max, rate.max);
    put(into, names.duration, rate.max > 0 ? static_cast<std::size_t>(rate.duration.count()) : 0);
}

} // namespace

stored_settings read_settings(std::string queue, const hash_fields& meta) {
    const auto* version = find_field(meta, "version");
    stored_settings read{.settings = {.queue = std::move(queue),
                                      .paused = find_field(meta, "paused") != nullptr,
                                      .concurrency = count_in(meta, "concurrency"),
                                      .rate = rate_in(meta, rate_of_queue),
                                      .max_length = count_in(meta, max_length),
                                      .per_group = {.concurrency = count_in(meta, group_concurrency),
                                                    .rate = rate_in(meta, rate_of_groups)}},
                         .major_version = version ? major_version_in(*version) : 0};
    if (const auto events = count_in(meta, "opts.maxLenEvents"); events > 0)
        read.max_events = events;
    return read;
}

int major_version_in(std::string_view version) noexcept {
    constexpr std::int64_t most = 1000;
    const auto colon = version.find(':');
    const auto major = colon == std::string_view::npos ? std::nullopt : leading_integer(version.substr(colon + 1));
    return major && *major > 0 && *major < most ? static_cast<int>(*major) : 0;
}

meta_change to_meta(const settings_change& change) {
    meta_change all;
    if (change.concurrency)
        put(all, "concurrency", *change.concurrency);
    if (change.rate)
        put(all, rate_of_queue, *change.rate);
    if (change.max_length)
        put(all, max_length, *change.max_length);
    if (change.per_group) {
        put(all, group_concurrency, change.per_group->concurrency);
        put(all, rate_of_groups, change.per_group->rate);
    }
    return all;
}

} // namespace infra::queue::redis_backend
