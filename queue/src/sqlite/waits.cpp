#include "waits.hpp"

#include "look.hpp"

namespace infra::queue::sqlite {

void end_operation::perform(store& s) {
    const auto row = find_row(s, asked_);
    seq_ = row ? row->seq : 0;
    waits_ = false;
    found_ = std::nullopt;
    if (!row)
        return;
    ticket_ = s.ends.watch(seq_);
    look(s);
}

void end_operation::look(store& s) {
    found_ = find_job(s, seq_);
    waits_ = found_ && !found_->finished_at;
}

// The one that is looked for, not another that was given its id since.
bool end_operation::may_go_on(store& s) {
    const auto row = find_row(s, seq_);
    return !row || row->state == job_state::completed || row->state == job_state::failed;
}

// Most often something else came.
void end_operation::try_again(store& s) {
    ticket_ = s.ends.watch(seq_);
    if (const auto* end = s.ends.find(seq_)) {
        found_ = end->job;
        waits_ = false;
    } else if (s.look_at_all && may_go_on(s)) {
        look(s);
    }
}

} // namespace infra::queue::sqlite
