#include "breaker.hpp"

#include <algorithm>
#include <utility>

namespace infra::cache::redis_backend {

breaker::gate breaker::enter(steady_time now, bool reads) {
    const std::scoped_lock lock(mutex_);
    if (state_ == state::open || (state_ == state::mending && reads))
        return gate::shut;
    const bool suspect = under_way_ > 0 && now - quiet_since_ >= options_.patience && !std::exchange(suspected_, true);
    if (under_way_++ == 0)
        quiet_since_ = now;
    return suspect ? gate::suspect : gate::pass;
}

bool breaker::leave(ending how, steady_time asked, steady_time now) {
    const std::scoped_lock lock(mutex_);
    --under_way_;
    if (how == ending::answered) {
        failures_ = 0;
        quiet_since_ = now;
        suspected_ = false;
        return false;
    }
    if (how == ending::lost || asked < mended_at_)
        return false;
    const bool was_silent = now - std::max(asked, quiet_since_) >= options_.patience;
    if (how == ending::failed || was_silent)
        ++failures_;
    return (was_silent || failures_ >= options_.failures) && open();
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
    quiet_since_ = mended_at_ = now;
}

bool breaker::is_closed() const {
    const std::scoped_lock lock(mutex_);
    return state_ == state::closed;
}

bool breaker::mended(steady_time now) {
    answers(now);
    const std::scoped_lock lock(mutex_);
    quiet_since_ = now;
    suspected_ = false;
    if (std::exchange(again_, false))
        return false;
    return std::exchange(state_, state::closed) != state::closed;
}

bool breaker::open() noexcept { return std::exchange(state_, state::open) == state::closed; }

} // namespace infra::cache::redis_backend
