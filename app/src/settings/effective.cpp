#include "forms.hpp"

#include <infra/base/error.hpp>
#include <infra/runtime/environment_layers.hpp>

#include <algorithm>

namespace infra::app {
namespace {

bool is_set(const environment::variables& in, const std::string& name) {
    const auto found = in.find(name);
    return found != in.end() && !found->second.empty();
}

std::string file_of(std::string_view name) { return std::string(name) + "_FILE"; }

bool says(const environment& variables, std::string_view name) {
    return is_set(variables.all(), std::string(name)) || is_set(variables.all(), file_of(name));
}

setting_source source_of(std::string_view name, const environment& variables, const environment& dotenv) {
    if (is_set(variables.all(), std::string(name)))
        return setting_source::environment;
    if (is_set(variables.all(), file_of(name)))
        return setting_source::file;
    return says(dotenv, name) ? setting_source::dotenv : setting_source::standard;
}

// What a variable that is not set takes from another one, before its default counts.
struct way_out {
    std::string_view variable;
    std::string_view other;
    std::string_view value; ///< empty: the other one's
};
constexpr way_out ways_out[] = {{"QUEUE_URL", "REDIS_URL", ""},
                                {"CACHE_URL", "REDIS_URL", ""},
                                {"REALTIME_URL", "REDIS_URL", ""},
                                {"EMAIL_URL", "RESEND_API_KEY", "resend:"},
                                {"STORAGE_URL", "S3_BUCKET", "s3:"}};

std::string fallback_of(const setting& known, const environment& all) {
    const auto* way = std::ranges::find(ways_out, known.name, &way_out::variable);
    if (way == std::ranges::end(ways_out) || !all.has(way->other))
        return std::string(known.fallback);
    return way->value.empty() ? settings::shown(known, all.get_or(way->other, "")) : std::string(way->value);
}

effective_setting effective(const setting& known, const environment& all) {
    effective_setting made{.known = &known};
    made.problem = settings::form_problem(known, all);
    try {
        const auto value = all.get(known.name);
        made.value = value ? settings::shown(known, *value) : fallback_of(known, all);
    } catch (const error&) { // has a problem: the file that should hold it cannot be read
    }
    return made;
}

} // namespace

std::vector<effective_setting> effective_settings(const environment& variables, const environment& dotenv) {
    const auto all = over(variables, dotenv);
    std::vector<effective_setting> made;
    made.reserve(known_settings().size());
    for (const auto& each : known_settings()) {
        made.push_back(effective(each, all));
        made.back().source = source_of(each.name, variables, dotenv);
    }
    return made;
}

} // namespace infra::app
