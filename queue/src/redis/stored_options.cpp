#include "stored_options.hpp"

#include "fields.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr int most_attempts = 1'000'000;
constexpr auto no_limit = std::chrono::milliseconds::max();

// --- reading -------------------------------------------------------------------------------------------------------

// A count below zero is BullMQ's word for all.
std::optional<std::size_t> kept_count(std::optional<double> count) {
    if (!count || *count < 0)
        return std::nullopt;
    return static_cast<std::size_t>(std::min(*count, 9e15));
}

// true: forget at once; false or absent: keep all; a number: so many; an object: count, age in seconds, or both.
keep read_keep(const json::object& opts, std::string_view name) {
    const auto* value = opts.if_contains(name);
    if (!value)
        return {};
    if (const auto* forget = value->if_bool())
        return {.count = *forget ? std::optional<std::size_t>(0) : std::nullopt};
    if (const auto* both = value->if_object()) {
        const auto age = integer_in(*both, "age");
        return {.count = kept_count(number_in(*both, "count")),
                .age = age ? std::optional(std::chrono::seconds(*age)) : std::nullopt};
    }
    return {.count = kept_count(number_in(opts, name))};
}

void read_backoff(const json::object& opts, stored_options& into) {
    auto& backoff = into.options.backoff;
    if (const auto delay = milliseconds_in(opts, "backoff"))
        backoff.delay = *delay;
    const auto* how = object_in(opts, "backoff");
    if (!how)
        return;
    const auto type = text_in(*how, "type");
    if (type == "exponential")
        backoff.type = backoff::kind::exponential;
    else if (type != "fixed")
        into.backoff_strategy = type;
    backoff.delay = milliseconds_in(*how, "delay").value_or(backoff.delay);
    backoff.max = milliseconds_in(*how, "max").value_or(backoff.max);
    backoff.jitter = std::clamp(number_in(*how, "jitter").value_or(0), 0.0, 1.0);
}

std::optional<deduplication> read_deduplication(const json::object& opts) {
    const auto* by = object_in(opts, "de");
    if (!by || text_in(*by, "id").empty())
        return std::nullopt;
    return deduplication{.id = text_in(*by, "id"),
                         .ttl = milliseconds_in(*by, "ttl"),
                         .extend = truth_in(*by, "extend"),
                         .replace = truth_in(*by, "replace"),
                         .keep_last_if_active = truth_in(*by, "keepLastIfActive")};
}

// Trace headers are a text; an object somebody wrote there unserialised is read as one.
std::string read_carrier(const json::object& opts) {
    const auto* carrier = object_in(opts, "tm");
    return carrier ? json::to_text(*carrier) : text_in(opts, "tm");
}

std::optional<std::size_t> size_in(const json::object& opts, std::string_view name) {
    const auto size = integer_in(opts, name);
    return size ? std::optional(static_cast<std::size_t>(*size)) : std::nullopt;
}

std::optional<std::chrono::milliseconds> positive(std::optional<std::chrono::milliseconds> ms) {
    return ms && ms->count() > 0 ? ms : std::nullopt;
}

// --- writing -------------------------------------------------------------------------------------------------------

json::value to_stored(const keep& k) {
    if (k.age) {
        json::object both{{"age", k.age->count()}};
        if (k.count)
            both["count"] = *k.count;
        return both;
    }
    return k.count ? json::value(*k.count) : json::value(false);
}

json::object to_stored(const backoff& b) {
    json::object how{{"type", b.type == backoff::kind::fixed ? "fixed" : "exponential"}, {"delay", b.delay.count()}};
    if (b.jitter > 0)
        how["jitter"] = b.jitter;
    if (b.max != no_limit)
        how["max"] = b.max.count();
    return how;
}

json::object to_stored(const deduplication& by) {
    json::object all{{"id", by.id}};
    if (by.ttl)
        all["ttl"] = by.ttl->count();
    for (const auto& [holds, name] : {std::pair(by.extend, "extend"), std::pair(by.replace, "replace"),
                                      std::pair(by.keep_last_if_active, "keepLastIfActive")})
        if (holds)
            all[name] = true;
    return all;
}

bool is_chosen(std::string_view id) {
    return !std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; }); // nor is an empty one
}

} // namespace

json::result<stored_options> read_options(std::string_view text) {
    const auto opts = read_object(text);
    if (!opts)
        return opts.error();
    stored_options read{.deduplicate = read_deduplication(*opts),
                        .delay = milliseconds_in(*opts, "delay").value_or(std::chrono::milliseconds(0)),
                        .carrier = read_carrier(*opts),
                        .keep_logs = size_in(*opts, "kl"),
                        .keep_traces = size_in(*opts, "stackTraceLimit")};
    auto& options = read.options;
    options.attempts =
        static_cast<int>(std::clamp(number_in(*opts, "attempts").value_or(1), 1.0, double(most_attempts)));
    options.priority =
        static_cast<int>(std::clamp(number_in(*opts, "priority").value_or(0), 0.0, double(most_priority)));
    options.lifo = truth_in(*opts, "lifo");
    options.keep_completed = read_keep(*opts, "removeOnComplete");
    options.keep_failed = read_keep(*opts, "removeOnFail");
    read_backoff(*opts, read);
    if (const auto* more = object_in(*opts, our_member)) {
        options.timeout = positive(milliseconds_in(*more, "timeout"));
        options.ttl = positive(milliseconds_in(*more, "ttl"));
    }
    return read;
}

json::object opts_of(const job_options& options) {
    json::object opts{{"attempts", options.attempts},
                      {"removeOnComplete", to_stored(options.keep_completed)},
                      {"removeOnFail", to_stored(options.keep_failed)}};
    if (options.backoff.delay.count() > 0)
        opts["backoff"] = to_stored(options.backoff);
    if (options.priority > 0)
        opts["priority"] = options.priority;
    if (options.lifo)
        opts["lifo"] = true;
    json::object more;
    if (options.timeout)
        more["timeout"] = options.timeout->count();
    if (options.ttl)
        more["ttl"] = options.ttl->count();
    if (!more.empty())
        opts[our_member] = std::move(more);
    return opts;
}

json::object opts_of(const new_job& job, const std::optional<parent_link>& parent) {
    auto opts = opts_of(job.options);
    if (is_chosen(job.id))
        opts["jobId"] = job.id;
    if (job.run_at)
        opts["delay"] = std::max<std::int64_t>(0, to_unix_ms(*job.run_at) - to_unix_ms(job.created_at));
    if (job.deduplicate)
        opts["de"] = to_stored(*job.deduplicate);
    if (!job.carrier.empty())
        opts["tm"] = job.carrier;
    if (parent)
        put_parent(opts, *parent);
    return opts;
}

} // namespace infra::queue::redis_backend
