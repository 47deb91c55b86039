#include "cron.hpp"
#include "frame.hpp"
#include "queue_verbs.hpp"
#include "verbs.hpp"

#include <infra/base/error.hpp>

#include <memory>

namespace infra::cli {
namespace {

struct options {
    std::string pattern;
    std::string tz = "UTC";
    std::size_t count = 5;
};

exit_code next(const options& given, const output& to) {
    try {
        const auto cron = queue::cron_expression::parse(given.pattern);
        const auto zone = queue::time_zone::named(given.tz);
        const auto runs = next_runs(cron, zone, std::chrono::system_clock::now(), given.count);
        std::string text;
        for (const auto& each : runs)
            text.append(text.empty() ? "" : "\n").append(each);
        to.print(text,
                 {{"pattern", cron.text()}, {"tz", zone.name()}, {"next", json::array(runs.begin(), runs.end())}});
        return exit_code::ok;
    } catch (const error& e) {
        return to.fail(exit_code::usage, e.what());
    }
}

} // namespace

std::vector<std::string> next_runs(const queue::cron_expression& cron, const queue::time_zone& zone, wall_time after,
                                   std::size_t count) {
    std::vector<std::string> runs;
    for (auto at = cron.next(after, zone); at && runs.size() < count; at = cron.next(*at, zone))
        runs.push_back(queue::to_rfc3339(*at, zone));
    return runs;
}

void add_cron(frame& f) {
    auto& group = f.add_group({.name = "cron",
                               .description = "Tells when scheduled jobs run, and has them run.",
                               .examples = {"infra cron ls", "infra cron next '30 8 * * MON-FRI' --tz Europe/Berlin"}});
    const auto given = std::make_shared<options>();
    auto& app = f.add(
        {.name = "next",
         .description = "Shows the next runs of a cron expression, one a line; what is none exits with 2.",
         .examples = {"infra cron next '*/15 * * * *'", "infra cron next '0 2 L * *' --tz Europe/Berlin -n 12",
                      "infra cron next @daily --json"}},
        [given](const output& to) { return next(*given, to); }, &group);
    app.add_option(
           "expression", given->pattern,
           "5 fields (minute, hour, day of month, month, day of week), 6 with the second first, or @daily and the like")
        ->required();
    app.add_option("--tz", given->tz, "Whose clocks it goes by, such as Europe/Berlin")->capture_default_str();
    app.add_option("-n", given->count, "How many")->capture_default_str()->check(CLI::Range(1, 1000));
    add_stored_cron(f, group);
}

} // namespace infra::cli
