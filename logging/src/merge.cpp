#include "merge.hpp"

namespace infra::logging::detail {

char* merge::next() noexcept {
    if (unfinished_ == 0)
        return nullptr;
    if (current_ == none || !inputs_[current_].head || inputs_[current_].time > until_)
        choose();
    if (inputs_[current_].time > latest_)
        return nullptr;
    char* const found = inputs_[current_].head;
    step();
    return found;
}

// Past the record that is given out, whose bytes stay where they are until the ring is released.
void merge::step() noexcept {
    auto& i = inputs_[current_];
    const bool was_unfinished = i.at < i.must;
    i.at += ring::size_of(i.head);
    unfinished_ -= was_unfinished && i.at >= i.must;
    look(i);
}

// Records of a thread come in runs, so the others are looked at once a run.
void merge::choose() noexcept {
    current_ = none;
    until_ = std::uint64_t(-1);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        if (!inputs_[i].head)
            continue;
        if (current_ == none || inputs_[i].time < inputs_[current_].time) {
            if (current_ != none)
                until_ = std::min(until_, inputs_[current_].time);
            current_ = i;
        } else {
            until_ = std::min(until_, inputs_[i].time);
        }
    }
}

} // namespace infra::logging::detail
