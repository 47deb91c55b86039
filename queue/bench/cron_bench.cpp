// What it costs to know when a job runs next, beside npm's cron-parser, which BullMQ asks.
//
//     queue_cron_bench [--json FILE] [--rounds N]

#include <infra/queue/cron_expression.hpp>

#include "comparison.hpp"

#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace {

namespace fs = std::filesystem;
using namespace infra;
using infra::bench::median;
using queue::cron_expression;

constexpr const char* zone_name = "Europe/Berlin";
constexpr wall_time begin = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
constexpr int steps = 40; // a walk; as long as in cron_speed.mjs

struct subject {
    const char* name;
    const char* text;
};
constexpr subject subjects[] = {
    {"every minute", "* * * * *"}, {"working days", "30 8 * * MON-FRI"}, {"leap days", "0 0 29 2 *"}};

/// Nanoseconds for each.
struct result {
    double parse = 0, next = 0, both = 0;
};

template <class F>
double nanoseconds(int times, F act) {
    const auto started = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i)
        act();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - started).count() / times;
}

// What is measured must have an effect.
void use(const std::optional<wall_time>& found) {
    if (!found)
        throw std::runtime_error("there is no next run");
}

result ours(const char* text) {
    const auto zone = queue::time_zone::named(zone_name);
    const auto parsed = cron_expression::parse(text);
    const auto walk = [&] {
        auto at = begin;
        for (int i = 0; i < steps; ++i) {
            const auto next = parsed.next(at, zone);
            use(next);
            at = *next;
        }
    };
    return {.parse = nanoseconds(
                20'000, [&] { use(wall_time(std::chrono::seconds(cron_expression::parse(text).text().size()))); }),
            .next = nanoseconds(2'000, walk) / steps,
            .both = nanoseconds(
                20'000, [&] { use(cron_expression::parse(text).next(begin, queue::time_zone::named(zone_name))); })};
}

std::vector<result> theirs() {
    const auto folder = infra::bench::peers_folder_with("cron-parser", "queue");
    std::vector<result> all;
    if (!folder)
        return all;
    auto command = "node '" + (*folder / "cron_speed.mjs").string() + "' " + zone_name;
    for (const auto& each : subjects)
        command += std::string(" '") + each.text + "'";
    auto* const output = ::popen(command.c_str(), "r");
    for (result r; output && std::fscanf(output, "%lf %lf %lf", &r.parse, &r.next, &r.both) == 3;)
        all.push_back(r);
    return output && ::pclose(output) == 0 && all.size() == std::size(subjects) ? all : std::vector<result>();
}

int compare(const infra::bench::arguments& a) {
    infra::bench::report to(a);
    std::vector<std::vector<result>> peer;
    for (int round = 0; round < a["rounds"]; ++round)
        peer.push_back(theirs());
    for (std::size_t i = 0; i < std::size(subjects); ++i) {
        const auto add = [&](const char* what, double result::* cost) {
            std::vector<double> mine, yours;
            for (int round = 0; round < a["rounds"]; ++round) {
                mine.push_back(ours(subjects[i].text).*cost);
                if (!peer[static_cast<std::size_t>(round)].empty())
                    yours.push_back(peer[static_cast<std::size_t>(round)][i].*cost);
            }
            to.add({std::string("cron ") + what + ", " + subjects[i].name, median(mine), "ns", "cron-parser",
                    median(yours)});
        };
        add("parse", &result::parse);
        add("next", &result::next);
        add("parse and next", &result::both);
    }
    return 0;
}

} // namespace

int main(int count, char** values) { return infra::bench::run(count, values, {{"rounds", 3}}, compare); }
