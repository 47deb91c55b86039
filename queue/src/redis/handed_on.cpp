#include "handed_on.hpp"

#include "error_traces.hpp"
#include "job_hash.hpp"
#include "restore.hpp"
#include "stored_options.hpp"

#include <algorithm>
#include <array>

namespace infra::queue::redis_backend {
namespace {

/// Fields that the job's members say. Their text may be another and mean the same.
constexpr std::string_view fields_said[] = {"name",         "data",     "timestamp",   "priority",    "atm",
                                            "attemptsMade", "ats",      "stc",         "processedOn", "finishedOn",
                                            "returnvalue",  "progress", "deid",        "infra.ttl",   "infra.expires",
                                            "infra.group",  "infra.at", "infra.cancel"};
/// Fields that hold until the next thing happens to the job.
constexpr std::string_view passing[] = {"delay", "defa", "pb", "failedReason", "infra.since", "infra.because"};

bool is_in(const auto& names, std::string_view name) { return std::ranges::find(names, name) != std::end(names); }

/// By which it is seen whether anything has happened since.
json::array moment_of(const job_info& job) {
    json::array all{to_string(job.state), job.fence, job.attempts_made, nullptr};
    if (job.run_at && job.state == job_state::delayed)
        all.back() = to_unix_ms(*job.run_at);
    return all;
}

void put_field(hash_fields& into, std::string_view name, std::string value) {
    const auto found = std::ranges::find(into, name, &hash_fields::value_type::first);
    if (found == into.end())
        into.emplace_back(name, std::move(value));
    else
        found->second = std::move(value);
}

struct handed_on {
    json::object hash{};
    bool is_unchanged = false;
    int attempts_then = 0;

    std::string text(std::string_view name) const { return text_in(hash, name); }
};

std::optional<handed_on> read_handed_on(const carried_job& job) {
    const auto all = read_object(job.handed_on.empty() ? "[]" : job.handed_on);
    const auto* hash = all ? object_in(*all, "hash") : nullptr;
    const auto* then = all ? all->if_contains("as") : nullptr;
    if (!hash || !then || !then->is_array())
        return std::nullopt;
    const auto attempts = then->as_array().size() > 2 ? then->as_array()[2].to_number<int>() : 0;
    return handed_on{
        .hash = *hash, .is_unchanged = *then == json::value(moment_of(job.known)), .attempts_then = attempts};
}

/// That of the prefix it came from, or of the one it comes to.
bool is_same_parent(const handed_on& from, const std::optional<parent_link>& link) {
    const auto before = read_parent(from.text("parent"));
    return !link || (before && *before == *link);
}

std::string opts_of(const handed_on& from, const carried_job& job, const std::optional<parent_link>& link,
                    const std::string& made) {
    auto text = from.text("opts");
    auto options = read_options(text);
    if (!options)
        return text; // it was as unreadable before
    options->options.priority = job.known.options.priority;
    if (options->options != job.known.options)
        return made;
    if (is_same_parent(from, link))
        return text;
    auto opts = *read_object(text);
    for (const auto flag :
         {child_failure::fail_parent, child_failure::continue_parent, child_failure::ignore, child_failure::remove})
        opts.erase(flag_of(flag));
    put_parent(opts, *link);
    return json::to_text(opts);
}

// The stacks of those errors that are known still, then what failed since.
std::string merged_traces(const handed_on& from, const carried_job& job) {
    const auto before = read_traces(from.text("stacktrace"));
    const auto errors = to_errors(before, from.attempts_then);
    std::vector<std::string> traces;
    std::string text;
    for (const auto& each : job.known.errors) {
        const auto found = std::ranges::find(errors, each);
        if (found != errors.end()) {
            traces.push_back(before[static_cast<std::size_t>(found - errors.begin())]);
            continue;
        }
        text = with_error(traces, each, max_job_errors);
        traces = read_traces(text);
    }
    return text.empty() ? json::to_text(json::array(traces.begin(), traces.end())) : text;
}

} // namespace

std::string handed_on_of(const carried_job& job, const hash_fields& fields, std::string_view prefix) {
    const auto made = hash_of(job, prefix);
    json::object hash;
    bool says_more = false;
    for (const auto& [name, value] : fields) {
        if (is_in(fields_said, name))
            continue;
        const auto* ours = find_field(made, name);
        says_more = says_more || !ours || *ours != value;
        hash[name] = value;
    }
    return says_more ? json::to_text(json::object{{"as", moment_of(job.known)}, {"hash", std::move(hash)}})
                     : std::string();
}

hash_fields with_handed_on(hash_fields made, const carried_job& job, const std::optional<parent_link>& link) {
    const auto from = read_handed_on(job);
    if (!from)
        return made;
    for (const auto& [name, value] : from->hash) {
        if (name == "opts")
            put_field(made, name, opts_of(*from, job, link, *find_field(made, name)));
        else if (name == "stacktrace" && !from->is_unchanged)
            put_field(made, name, merged_traces(*from, job));
        else if (name == "parent" || name == "parentKey" ? is_same_parent(*from, link)
                                                         : from->is_unchanged || !is_in(passing, name))
            put_field(made, name, from->text(name));
    }
    return made;
}

std::string handed_on_of(const stored_scheduler& schedule, const hash_fields& hash, std::string_view run_opts) {
    json::object more;
    const auto made = hash_of(schedule);
    for (const auto& [name, value] : hash)
        if (!find_field(made, name))
            more[name] = value;
    return json::to_text(json::object{{"opts", schedule.opts},
                                      {"counted", schedule.is_counted},
                                      {"data_of_run", schedule.has_data_of_run},
                                      {"opts_of_run", schedule.has_opts_of_run},
                                      {"hash", std::move(more)},
                                      {"run", run_id(schedule.id, schedule.next.value_or(wall_time{}))},
                                      {"run_opts", run_opts}});
}

void take_handed_on(schedule_change& into, const carried_schedule& schedule) {
    const auto all = read_object(schedule.handed_on.empty() ? "[]" : schedule.handed_on);
    const auto* opts = all ? object_in(*all, "opts") : nullptr;
    const auto options =
        opts ? read_options(json::to_text(*opts)) : json::result<stored_options>(json::failure("", "none"));
    if (!options || options->options != schedule.known.options)
        return;
    auto& becomes = into.becomes;
    becomes.opts = *opts;
    becomes.is_counted = truth_in(*all, "counted");
    becomes.has_data_of_run = truth_in(*all, "data_of_run");
    becomes.has_opts_of_run = truth_in(*all, "opts_of_run");
    if (const auto* hash = object_in(*all, "hash"))
        for (const auto& [name, value] : *hash)
            into.more.emplace_back(name, text_in(*hash, name));
    if (into.run && text_in(*all, "run") == run_id(becomes.id, *into.run))
        into.run_opts = text_in(*all, "run_opts");
}

} // namespace infra::queue::redis_backend
