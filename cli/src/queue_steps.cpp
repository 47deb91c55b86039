#include "queue_steps.hpp"

#include "progress_bar.hpp"

#include <infra/queue/failures.hpp>

#include <algorithm>
#include <utility>

namespace infra::cli {

std::size_t change_in_steps(many_jobs which, const queue_session& with) {
    auto& step = which.change;
    progress_bar bar(with.to, step.filter.queue, "jobs");
    std::size_t changed = 0;
    do {
        step.max = std::min(step.max, which.most - changed);
        auto done = wait(with.jobs.change(step));
        changed += done.changed;
        bar.show({.done = changed, .total = which.expected});
        step.cursor = std::move(done.next);
    } while (!step.cursor.empty() && changed < which.most);
    return changed;
}

steps_done take_steps(const std::function<queue::change_result(std::string)>& step,
                      const std::function<void(std::size_t)>& tell) {
    steps_done all;
    std::string cursor;
    try {
        do {
            auto done = step(std::move(cursor));
            tell(all.changed += done.changed);
            cursor = std::move(done.next);
        } while (!cursor.empty());
    } catch (const boost::system::system_error& e) {
        if (all.changed == 0)
            throw;
        all.stopped = with_advice(e);
    }
    return all;
}

steps_done change_in_steps(const equal_failures& which, const queue_session& with) {
    constexpr std::chrono::milliseconds a_step{500};
    progress_bar bar(with.to, which.queue, "jobs");
    return take_steps(
        [&](std::string cursor) {
            return wait(
                queue::change_failures(with.jobs, which.what, which.queue, which.group, std::move(cursor), a_step));
        },
        [&](std::size_t changed) { bar.show({.done = changed}); });
}

} // namespace infra::cli
