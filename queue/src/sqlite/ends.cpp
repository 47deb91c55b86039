#include "ends.hpp"

#include "look.hpp"
#include "traces.hpp"
#include "verbs.hpp"

#include <algorithm>

namespace infra::queue::sqlite {

end_watch::ticket end_watch::watch(std::int64_t seq) {
    auto& known = watched_[seq];
    if (auto shared = known.lock())
        return shared;
    auto made = std::make_shared<const std::int64_t>(seq);
    known = made;
    if (watched_.size() >= most_watched_)
        drop_expired();
    return made;
}

void end_watch::drop_expired() {
    std::erase_if(watched_, [](const auto& each) { return each.second.expired(); });
    most_watched_ = std::max<std::size_t>(16, 2 * watched_.size());
}

const end_watch::end* end_watch::find(std::int64_t seq) const noexcept {
    const auto found = std::ranges::find(ends_, seq, &end::seq);
    return found == ends_.end() ? nullptr : &*found;
}

void end_watch::clear() noexcept {
    ends_.clear();
    marked_ = 0;
}

void note_end(store& s, const ledger::row& queue, const ended_job& job) {
    s.minutes.add(queue.id, job.state, job.at);
    record(s, queue, job.state == job_state::completed ? job_event::kind::completed : job_event::kind::failed, job.id,
           job.at, job.told);
    if (!s.ends.watches(job.seq))
        return;
    s.ends.add({job.seq, find_job(s, job.seq)});
    s.brought_work = true;
}

void note_removal(store& s, std::int64_t seq) {
    if (!s.ends.watches(seq))
        return;
    s.ends.add({seq, std::nullopt});
    s.brought_work = true;
}

} // namespace infra::queue::sqlite
