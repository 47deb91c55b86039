#include "examination.hpp"
#include "scripts.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr std::size_t cured_at_once = 20; // each looks through the queue's lists

bool is_of_queue(ailment what) { return what == ailment::missing_marker || what == ailment::parked_jobs; }

using treated = std::vector<found_case*>;

awaitable<void> cure_jobs(shared_examination e, std::string queue, treated some) {
    std::vector<std::string> arguments{std::to_string(to_unix_ms(e->at->time().wall()))};
    for (const auto* each : some)
        std::ranges::copy(std::vector{std::string(to_string(each->is.what)), each->is.id,
                                      std::string(each->stays ? to_string(*each->stays) : "")},
                          std::back_inserter(arguments));
    auto deed =
        scripts::cure_jobs.call(std::vector{e->at->keys(queue).base()}, arguments).again(redis::replay::idempotent);
    const auto done = redis::to<std::vector<int>>(co_await e->at->ask(std::move(deed)));
    for (std::size_t i = 0; i < some.size(); ++i)
        some[i]->is.repaired = done.at(i) == 1;
}

awaitable<void> cure_queue(shared_examination e, std::string queue, treated some) {
    for (bool more = true; more;) {
        auto deed = scripts::cure_queue.call({e->at->keys(queue).base()}).again(redis::replay::idempotent);
        const auto [apart, awake] = redis::to<std::pair<int, int>>(co_await e->at->ask(std::move(deed)));
        more = apart == 1;
        for (auto* each : some)
            each->is.repaired = each->is.what == ailment::parked_jobs || awake == 1;
    }
}

struct to_be_treated {
    treated jobs{};
    treated queue{};
};

std::map<std::string, to_be_treated> by_queue(std::vector<found_case>& cases) {
    std::map<std::string, to_be_treated> all;
    for (auto& each : cases)
        if (is_repairable(each.is.what)) {
            auto& of = all[each.is.queue];
            (is_of_queue(each.is.what) ? of.queue : of.jobs).push_back(&each);
        }
    return all;
}

} // namespace

awaitable<std::vector<found_case>> cure(shared_examination e, std::vector<found_case> cases) {
    for (auto& [queue, of] : by_queue(cases)) {
        for (std::size_t from = 0; from < of.jobs.size(); from += cured_at_once) {
            const auto past = std::min(from + cured_at_once, of.jobs.size());
            co_await cure_jobs(e, queue,
                               treated(of.jobs.begin() + static_cast<std::ptrdiff_t>(from),
                                       of.jobs.begin() + static_cast<std::ptrdiff_t>(past)));
        }
        if (!of.queue.empty())
            co_await cure_queue(e, queue, of.queue);
    }
    co_return cases;
}

} // namespace infra::queue::redis_backend
