#include "groups.hpp"
#include "verbs.hpp"

namespace infra::queue::sqlite {
namespace {

queue_counts counts_of(store& s, const ledger::row& row) {
    const auto in = [&](job_state state) { return static_cast<std::size_t>(row.in(state)); };
    return {.queue = row.name,
            .waiting = in(job_state::waiting),
            .delayed = in(job_state::delayed),
            .active = in(job_state::active),
            .completed = in(job_state::completed),
            .failed = in(job_state::failed),
            .waiting_children = in(job_state::waiting_children),
            .groups = groups_that_wait(s, row),
            .paused = row.flow.settings.paused};
}

} // namespace

std::vector<queue_counts> counts(store& s, const std::vector<std::string>& queues) {
    s.forget_beyond_kept();
    std::vector<queue_counts> all;
    for (const auto& name : queues) {
        const auto* row = s.queues.find(name);
        all.push_back(row ? counts_of(s, *row) : queue_counts{.queue = name});
    }
    if (queues.empty())
        for (const auto& [name, row] : s.queues.all())
            all.push_back(counts_of(s, row));
    return all;
}

} // namespace infra::queue::sqlite
