// What queues add to the overview.

#include "overview.hpp"
#include "../texts.hpp"
#include "desk.hpp"
#include "schedules.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <string>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_failure_concerns = 5;
constexpr std::size_t most_of_text = 200;
constexpr std::chrono::hours failed_jobs_concern{24};
constexpr std::chrono::milliseconds overview_patience{1'800}; // the overview waits for two seconds
constexpr std::chrono::seconds patience_without_workers{5};   // before "no workers" is said: they come and go

const queue_seen* oldest_in(const queues_seen& all) noexcept {
    const queue_seen* found = nullptr;
    for (const auto& each : all.queues)
        if (!each.counts.paused && each.oldest && (!found || *each.oldest < *found->oldest))
            found = &each;
    return found;
}

const queue_seen* most_failing(const queues_seen& all) noexcept {
    const queue_seen* found = nullptr;
    for (const auto& each : all.queues)
        if (failed_in(each) > 0 && (!found || failed_in(each) > failed_in(*found)))
            found = &each;
    return found;
}

double seconds(std::chrono::milliseconds d) noexcept { return std::chrono::duration<double>(d).count(); }

std::string counted(std::size_t n, std::string_view one) {
    return std::to_string(n) + " " + std::string(one) + (n == 1 ? "" : "s");
}

std::string link_to_jobs(std::string_view queue, std::string_view state) {
    return "#/queues/" + encoding::percent_encode(queue) + "?state=" + std::string(state);
}

// "15 min", "6 h"
std::string window_of(std::chrono::minutes within) {
    const auto hours = within / 1h;
    return hours > 0 && within == hours * 1h ? std::to_string(hours) + " h" : std::to_string(within.count()) + " min";
}

awaitable<std::vector<figure>> look_at_figures(shared_desk desk, std::chrono::minutes within) {
    const auto seen = co_await in_time(desk, desk->watch->look(desk->jobs(), within), overview_patience);
    co_return figures_of(*seen, within, desk->from.oldest_limit);
}

// Asked only while somebody looks at the overview, which has the feed as well.
awaitable<std::vector<concern>> look_at_concerns(shared_desk desk, board on) {
    const auto jobs = desk->jobs();
    const auto seen = co_await in_time(desk, desk->watch->look(jobs), overview_patience);
    for (const auto& each : co_await desk->news->look(jobs, seen))
        on.tell(news_of(each));
    std::vector<concern> all;
    for (const auto& each : seen->queues) {
        if (each.counts.failed == 0)
            continue;
        const auto groups = co_await desk->failures->look(jobs, each.counts.queue, each.counts.failed, each.minutes);
        for (auto& one : concerns_of(each.counts.queue, *groups, seen->at))
            all.push_back(std::move(one));
    }
    std::ranges::sort(all, std::ranges::greater(), &concern::count);
    if (all.size() > most_failure_concerns)
        all.resize(most_failure_concerns);
    for (auto& one : concerns_of(*seen))
        all.push_back(std::move(one));
    for (const auto& each : co_await look_at_schedules(jobs))
        if (auto one = concern_of(each, seen->at))
            all.push_back(std::move(*one));
    co_return all;
}

} // namespace

std::vector<figure> figures_of(const queues_seen& all, std::chrono::minutes within,
                               std::chrono::milliseconds oldest_limit) {
    std::size_t waiting = 0, failed = 0;
    for (const auto& each : all.queues) {
        waiting += each.counts.waiting;
        failed += failed_in(each);
    }
    const auto* oldest = oldest_in(all);
    const auto* failing = most_failing(all);
    return {
        {.name = "jobs_waiting", .label = "Jobs waiting", .value = static_cast<double>(waiting), .link = "#/queues"},
        {.name = "oldest_waiting_job",
         .label = "Oldest job",
         .value = oldest ? seconds(waited(*oldest, all.at)) : 0,
         .unit = "s",
         .limit = seconds(oldest_limit),
         .link = oldest ? link_to_jobs(oldest->counts.queue, "waiting") : "#/queues"},
        {.name = "failed_jobs",
         .label = "Failed, " + window_of(within),
         .value = static_cast<double>(failed),
         .limit = 0,
         .link = failing ? link_to_jobs(failing->counts.queue, "failed") : "#/queues",
         .spark = failures_over_time(all, within)}};
}

std::vector<concern> concerns_of(const std::string& queue, const queue::failure_groups& groups, wall_time now) {
    std::vector<concern> all;
    for (const auto& each : groups.groups) {
        if (saturating_sub(now, each.last) > failed_jobs_concern || all.size() == most_failure_concerns)
            continue;
        const auto path = "/queues/" + encoding::percent_encode(queue) + "/failures/" + each.id + "/retry";
        all.push_back(
            {.severity = level::error,
             .text = cut(counted(each.count, "job") + " of " + each.name + " failed: " + each.signature, most_of_text),
             .link = link_to_jobs(queue, "failed") + "&group=" + each.id,
             .count = each.count,
             .since = each.first,
             .action = "Retry",
             .action_method = "POST",
             .action_path = path});
    }
    return all;
}

std::vector<concern> concerns_of(const queues_seen& all) {
    std::vector<concern> found;
    for (const auto& each : all.queues)
        if (each.workers == 0 && each.counts.waiting > 0 && !each.counts.paused &&
            waited(each, all.at) >= patience_without_workers)
            found.push_back({.severity = level::warn,
                             .text = "the queue " + each.counts.queue + " has no workers, and " +
                                     counted(each.counts.waiting, "job") + " wait" +
                                     (each.counts.waiting == 1 ? "s" : ""),
                             .link = link_to_jobs(each.counts.queue, "waiting"),
                             .count = each.counts.waiting,
                             .since = each.oldest});
    return found;
}

std::optional<concern> concern_of(const schedule_seen& s, wall_time now) {
    const auto path = "/cron/" + encoding::percent_encode(s.job.queue) + "/" + encoding::percent_encode(s.job.name);
    if (s.job.paused_since) // somebody wants it so
        return std::nullopt;
    if (s.job.orphaned)
        return concern{.severity = level::warn,
                       .text = "the schedule " + s.job.name + " does not run: no process defines it any more",
                       .link = "#/queues?view=cron"};
    if (s.queue_paused || overdue(s.job, now) == std::chrono::milliseconds(0))
        return std::nullopt;
    return concern{.severity = level::warn,
                   .text = "the schedule " + s.job.name + " missed its run: no worker has taken it",
                   .link = "#/queues?view=cron",
                   .since = s.job.next,
                   .action = "Run now",
                   .action_method = "POST",
                   .action_path = path + "/run"};
}

void add_queue_overview(board& on, const shared_desk& desk) {
    on.figures([desk](std::chrono::minutes within) { return look_at_figures(desk, within); });
    on.concerns([desk, on] { return look_at_concerns(desk, on); });
}

} // namespace infra::dashboard
