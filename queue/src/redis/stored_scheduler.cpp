#include "stored_scheduler.hpp"

#include "scores.hpp"
#include "stored_options.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view missed_names[] = {"skip", "one", "all"};

std::string text(const hash_fields& hash, std::string_view name) {
    const auto* value = find_field(hash, name);
    return value ? *value : std::string();
}

std::optional<wall_time> time(const hash_fields& hash, std::string_view name) {
    const auto* value = find_field(hash, name);
    return value ? time_of(*value) : std::nullopt;
}

milliseconds interval(const hash_fields& hash, std::string_view name) {
    return milliseconds(static_cast<std::int64_t>(count_of(text(hash, name))));
}

json::object object_of(const hash_fields& hash, std::string_view name) {
    auto read = read_object(text(hash, name));
    return read ? *std::move(read) : json::object();
}

// A schedule without an offset of its own has one in BullMQ, which keeps the distance of its runs.
void read_ours(const json::object& more, schedule& into) {
    const auto* missed = std::ranges::find(missed_names, text_in(more, "missed"));
    if (missed != std::end(missed_names))
        into.missed = static_cast<missed_runs>(missed - std::begin(missed_names));
    into.grace = milliseconds_in(more, "grace").value_or(into.grace);
    into.immediately = truth_in(more, "immediately");
    if (truth_in(more, "floating"))
        into.offset.reset();
}

schedule read_recurrence(const hash_fields& hash) {
    schedule when{.pattern = text(hash, "pattern"),
                  .tz = text(hash, "tz"),
                  .start = time(hash, "startDate"),
                  .end = time(hash, "endDate")};
    if (const auto limit = count_of(text(hash, "limit")); limit > 0)
        when.limit = limit;
    if (when.pattern.empty()) {
        when.tz.clear();
        when.every = interval(hash, "every");
        if (find_field(hash, "offset") && when.every > milliseconds(0))
            when.offset = interval(hash, "offset") % when.every;
    }
    read_ours(object_of(hash, our_member), when);
    return when;
}

json::object ours_of(const schedule& when) {
    const schedule usual;
    json::object more;
    if (when.missed != usual.missed)
        more["missed"] = missed_names[static_cast<std::size_t>(when.missed)];
    if (when.grace != usual.grace)
        more["grace"] = when.grace.count();
    if (when.immediately)
        more["immediately"] = true;
    if (when.pattern.empty() && !when.offset)
        more["floating"] = true;
    return more;
}

std::optional<std::int64_t> phase_of(const stored_scheduler& s) {
    if (!s.when.pattern.empty() || s.when.every <= milliseconds(0))
        return std::nullopt;
    if (s.when.offset)
        return s.when.offset->count();
    return s.next ? std::optional<std::int64_t>(to_unix_ms(*s.next) % s.when.every.count()) : std::nullopt;
}

/// `opts.repeat`, and the same as fields of the scheduler.
json::object recurrence_of(const schedule& when) {
    json::object all;
    if (when.pattern.empty())
        all["every"] = when.every.count();
    else
        all["pattern"] = when.pattern;
    if (!when.tz.empty())
        all["tz"] = when.tz;
    if (when.limit)
        all["limit"] = *when.limit;
    if (when.start)
        all["startDate"] = to_unix_ms(*when.start);
    if (when.end)
        all["endDate"] = to_unix_ms(*when.end);
    return all;
}

std::string field_text(const json::value& value) {
    const auto* text = value.if_string();
    return text ? std::string(*text) : json::to_text(value);
}

json::object iteration_opts(const stored_scheduler& s, wall_time run, std::size_t iteration, wall_time now) {
    auto opts = s.opts;
    const auto* before = object_in(s.opts, "repeat");
    auto repeat = before ? *before : json::object();
    for (auto& each : recurrence_of(s.when))
        repeat[each.key()] = std::move(each.value());
    if (s.when.offset && *s.when.offset > milliseconds(0))
        repeat["offset"] = s.when.offset->count();
    repeat["count"] = iteration;
    opts["repeat"] = std::move(repeat);
    opts["repeatJobKey"] = s.id;
    opts["jobId"] = run_id(s.id, run);
    opts["timestamp"] = to_unix_ms(now);
    opts["delay"] = std::max<std::int64_t>(0, to_unix_ms(run) - to_unix_ms(now));
    if (!s.when.pattern.empty())
        opts["prevMillis"] = to_unix_ms(run);
    return opts;
}

job_options options_of(const json::object& opts) {
    auto read = read_options(json::to_text(opts));
    return read ? read->options : job_options();
}

} // namespace

stored_scheduler read_scheduler(std::string queue, std::string id, std::optional<double> score, const hash_fields& hash,
                                std::optional<double> paused_since) {
    stored_scheduler s{.queue = std::move(queue),
                       .id = std::move(id),
                       .when = read_recurrence(hash),
                       .name = text(hash, "name"),
                       .opts = object_of(hash, "opts"),
                       .iterations = count_of(text(hash, "ic")),
                       .is_counted = find_field(hash, "ic") != nullptr,
                       .is_over = text(hash, "infra.over") == "1",
                       .last = time(hash, "infra.last"),
                       .defined_at = time(hash, "infra.defined").value_or(wall_time{})};
    if (paused_since)
        s.paused_since = time_at(*paused_since);
    if (s.has_pending())
        s.iterations = std::max<std::size_t>(1, s.iterations);
    if (auto data = text(hash, "data"); !data.empty())
        s.data = std::move(data);
    if (score)
        s.next = time_at(*score);
    return s;
}

stored_scheduler to_stored(const new_schedule& asked) {
    return {.queue = asked.queue,
            .id = asked.id,
            .when = asked.when,
            .name = asked.name,
            .data = asked.data,
            .opts = opts_of(asked.options),
            .is_over = !asked.next,
            .next = asked.next,
            .defined_at = asked.now};
}

void take_from_run(stored_scheduler& s, const hash_fields& hash, std::optional<std::string> data,
                   const std::optional<std::string>& opts) {
    if (data && !find_field(hash, "data")) {
        s.data = *std::move(data);
        s.has_data_of_run = true;
    }
    auto read =
        opts && !find_field(hash, "opts") ? read_object(*opts) : json::result<json::object>(json::failure("", "none"));
    if (!read)
        return;
    for (const auto* own : {"delay", "jobId", "prevMillis", "repeatJobKey", "timestamp"})
        read->erase(own);
    s.opts = *std::move(read);
    s.has_opts_of_run = true;
}

bool is_same_recurrence(const stored_scheduler& stored, const schedule& asked) {
    auto when = stored.when;
    if (!asked.offset)
        when.offset.reset();
    return when == asked;
}

hash_fields hash_of(const stored_scheduler& s) {
    hash_fields all{{"name", s.name}};
    for (const auto& each : recurrence_of(s.when))
        all.emplace_back(each.key(), field_text(each.value()));
    if (const auto phase = phase_of(s))
        all.emplace_back("offset", std::to_string(*phase));
    if (!s.opts.empty() && !s.has_opts_of_run)
        all.emplace_back("opts", json::to_text(s.opts));
    if (s.data != "{}" && !s.has_data_of_run)
        all.emplace_back("data", s.data);
    if (s.is_counted)
        all.emplace_back("ic", std::to_string(s.iterations));
    if (const auto more = ours_of(s.when); !more.empty())
        all.emplace_back(our_member, json::to_text(more));
    if (s.is_over)
        all.emplace_back("infra.over", "1");
    if (s.last)
        all.emplace_back("infra.last", std::to_string(to_unix_ms(*s.last)));
    if (s.defined_at != wall_time{})
        all.emplace_back("infra.defined", std::to_string(to_unix_ms(s.defined_at)));
    return all;
}

hash_fields iteration_of(const stored_scheduler& s, wall_time run, std::size_t iteration, wall_time now) {
    const auto opts = iteration_opts(s, run, iteration, now);
    const auto options = options_of(s.opts);
    hash_fields all{{"name", s.name},
                    {"data", s.data},
                    {"opts", json::to_text(opts)},
                    {"timestamp", std::to_string(to_unix_ms(now))},
                    {"delay", json::to_text(opts.at("delay"))},
                    {"priority", std::to_string(options.priority)},
                    {"rjk", s.id}};
    if (options.ttl)
        all.emplace_back("infra.expires", std::to_string(to_unix_ms(saturating_add(run, *options.ttl))));
    return all;
}

schedule_info to_info(const stored_scheduler& s, std::optional<job_state> pending) {
    return {.queue = s.queue,
            .id = s.id,
            .when = s.when,
            .name = s.name,
            .data = s.data,
            .options = options_of(s.opts),
            .runs = s.has_pending() ? s.iterations - 1 : s.iterations,
            .next = s.has_pending() ? s.next : std::nullopt,
            .last = s.last,
            .defined_at = s.defined_at,
            .paused_since = s.paused_since,
            .pending = s.has_pending() ? pending : std::nullopt};
}

} // namespace infra::queue::redis_backend
