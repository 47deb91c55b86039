#include "news.hpp"

#include "../texts.hpp"
#include "failures.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <iterator>

namespace infra::dashboard {
namespace {

constexpr std::size_t looked_at = 50; // of a queue's newest failed jobs
constexpr std::size_t most_told = 20;
constexpr std::chrono::minutes at_first{5};

} // namespace

news news_of(const queue::job_info& failed) {
    return {.kind = "job",
            .severity = level::error,
            .text = cut(failed.name + " " + failed.id + " failed: " + failed.failed_reason, 280),
            .link = "#/queues/" + encoding::percent_encode(failed.queue) + "/" + encoding::percent_encode(failed.id),
            .trace = failed.trace};
}

// A minute that has passed out of sight takes failures with it: fewer than before are a new beginning, and no news.
std::vector<std::pair<std::string, wall_time>> failure_news::changed(const queues_seen& all) {
    std::vector<std::pair<std::string, wall_time>> found;
    const std::scoped_lock lock(mutex_);
    std::erase_if(known_, [&](const auto& each) {
        return std::ranges::none_of(all.queues, [&](const auto& q) { return q.counts.queue == each.first; });
    });
    for (const auto& each : all.queues) {
        const auto failed = failed_in(each);
        const auto [place, is_new] =
            known_.try_emplace(each.counts.queue, known{.until = saturating_add(all.at, -at_first)});
        if (failed > place->second.failed)
            found.emplace_back(each.counts.queue, place->second.until);
        if (failed == place->second.failed && !is_new)
            continue;
        place->second.failed = failed;
        place->second.until = std::chrono::floor<std::chrono::milliseconds>(all.at);
    }
    return found;
}

void failure_news::leave_out_told(const std::string& queue, std::vector<queue::job_info>& failed) {
    const std::scoped_lock lock(mutex_);
    auto& told = known_[queue].told;
    const auto key_of = [](const queue::job_info& each) { return std::pair(each.id, each.finished_at); };
    std::erase_if(failed, [&](const auto& each) { return std::ranges::find(told, key_of(each)) != told.end(); });
    told.clear();
    std::ranges::transform(failed, std::back_inserter(told), key_of);
}

awaitable<std::vector<queue::job_info>> failure_news::look(queue::control jobs, queue_watch::seen all) {
    const auto self = shared_from_this();
    std::vector<queue::job_info> told;
    for (const auto& [queue, begin] : self->changed(*all)) {
        queue::list_request request{
            .filter = {.queue = queue, .states = {queue::job_state::failed}}, .max = looked_at, .newest_first = true};
        auto failed = (co_await jobs.list(std::move(request))).jobs;
        std::erase_if(failed,
                      [since = begin](const auto& each) { return !each.finished_at || *each.finished_at < since; });
        self->leave_out_told(queue, failed);
        std::ranges::move(failed, std::back_inserter(told));
    }
    std::ranges::sort(told, {}, &queue::job_info::finished_at);
    if (told.size() > most_told)
        told.erase(told.begin(), told.end() - most_told);
    co_return told;
}

} // namespace infra::dashboard
