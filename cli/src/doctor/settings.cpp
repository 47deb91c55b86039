#include "settings.hpp"

#include <algorithm>

namespace infra::cli::doctor {
namespace {

// "PORT: expected a whole number" is about PORT; "QUEUE_ULR is not read by anything" about QUEUE_ULR.
finding about_its_name(const std::string& sentence, verdict v, const std::string& means, const std::string& advice) {
    const auto end = std::min(sentence.find_first_of(": "), sentence.size());
    const auto rest = std::min(sentence.find_first_not_of(": ", end), sentence.size());
    return {.about = sentence.substr(0, end),
            .verdict = v,
            .found = sentence.substr(rest),
            .means = means,
            .advice = advice};
}

// "file:3: expected NAME=value" is about that line.
finding about_a_line(const std::string& sentence) {
    const auto end = std::min(sentence.find(": "), sentence.size());
    return failure(sentence.substr(0, end), sentence.substr(std::min(end + 2, sentence.size())),
                   "the line is not read, and in development the service does not start", "correct it");
}

} // namespace

findings judge_settings(const app::settings_report& report, const std::vector<std::string>& of_file, std::size_t set) {
    findings all;
    std::ranges::transform(of_file, std::back_inserter(all), about_a_line);
    for (const auto& each : report.problems)
        all.push_back(about_its_name(each, verdict::fail, "the service does not start",
                                     "correct it; `infra config docs` tells the form of each"));
    for (const auto& each : report.warnings)
        all.push_back(about_its_name(each, verdict::warn, "the service starts, and does without it", ""));
    if (all.empty())
        all.push_back(well("", set == 0
                                   ? "none are set: everything is embedded and lives under var/"
                                   : std::to_string(set) + (set == 1 ? " is set" : " are set") + ", and can be read"));
    return all;
}

findings look_at_settings(const situation& at) {
    const auto known = app::effective_settings(at.variables);
    const auto set =
        std::ranges::count_if(known, [](const auto& each) { return each.source != app::setting_source::standard; });
    return judge_settings(app::check_settings(at.variables), at.env_file_problems, static_cast<std::size_t>(set));
}

} // namespace infra::cli::doctor
