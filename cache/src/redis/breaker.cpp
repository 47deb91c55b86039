#include "breaker.hpp"

#include <algorithm>
#include <utility>

namespace infra::cache::redis_backend {

breaker::gate breaker::enter(visit& v, steady_time now, bool reads) {
    const std::scoped_lock lock(mutex_);
    if (state_ == state::open || (state_ == state::mending && reads))
        return gate::shut;
    const bool doubts = begins_to_doubt(now);
    v.asked_ = now;
    under_way_.push_back(v);
    return doubts ? gate::suspect : gate::pass;
}

breaker::finding breaker::leave(visit& v, ending how, steady_time now) {
    const std::scoped_lock lock(mutex_);
    if (!v.is_linked())
        return finding::nothing;
    under_way_.erase(under_way_.iterator_to(v));
    if (how == ending::answered) {
        failures_ = 0;
        answered_at_ = now;
        if (behind_ == whole::one_server)
            dispel_doubt(now);
        return finding::nothing;
    }
    if (how == ending::lost || v.asked_ < mended_at_)
        return finding::nothing;
    const bool was_silent = now - std::max(v.asked_, answered_at_) >= options_.patience;
    if (how == ending::failed || was_silent)
        ++failures_;
    if (was_silent || failures_ >= options_.failures)
        return open() ? finding::away : finding::nothing;
    unanswered_ = std::min(unanswered_, v.asked_);
    return begins_to_doubt(now) ? finding::doubt : finding::nothing;
}

bool breaker::trip() {
    const std::scoped_lock lock(mutex_);
    again_ = state_ == state::mending;
    return !again_ && open();
}

void breaker::answers(steady_time now) {
    const std::scoped_lock lock(mutex_);
    if (state_ != state::open)
        return;
    state_ = state::mending;
    again_ = false;
    failures_ = 0;
    answered_at_ = mended_at_ = now;
    dispel_doubt(now);
}

bool breaker::is_closed() const {
    const std::scoped_lock lock(mutex_);
    return state_ == state::closed;
}

bool breaker::mended(steady_time now) {
    answers(now);
    const std::scoped_lock lock(mutex_);
    answered_at_ = now;
    dispel_doubt(now);
    if (std::exchange(again_, false))
        return false;
    return std::exchange(state_, state::closed) != state::closed;
}

bool breaker::open() noexcept { return std::exchange(state_, state::open) == state::closed; }

// True once for each `patience` in which somebody waits so long, or left without an answer.
bool breaker::begins_to_doubt(steady_time now) noexcept {
    const auto oldest = under_way_.empty() ? unanswered_ : std::min(unanswered_, under_way_.front().asked_);
    if (now - std::max(oldest, doubted_at_) < options_.patience)
        return false;
    dispel_doubt(now); // by asking
    return true;
}

void breaker::dispel_doubt(steady_time now) noexcept {
    unanswered_ = steady_time::max();
    doubted_at_ = now;
}

} // namespace infra::cache::redis_backend
