#include "flights.hpp"

namespace infra::cache {

flights::seat flights::join(std::string key, const executor& ex) {
    seat mine;
    mine.of_ = shared_from_this();
    mine.key_ = std::move(key);
    const std::scoped_lock lock(mutex_);
    const auto [place, fresh] = under_way_.try_emplace(mine.key_);
    mine.leads_ = fresh;
    if (!fresh) {
        mine.me_ = std::make_unique<waiter>(ex);
        mine.me_->place = place->second.insert(place->second.end(), mine.me_.get());
    }
    return mine;
}

std::optional<flights::seat> flights::try_lead(std::string key) {
    const std::scoped_lock lock(mutex_);
    if (!under_way_.try_emplace(key).second)
        return std::nullopt;
    std::optional<seat> mine(std::in_place);
    mine->of_ = shared_from_this();
    mine->key_ = std::move(key);
    mine->leads_ = true;
    return mine;
}

std::size_t flights::size() const {
    const std::scoped_lock lock(mutex_);
    return under_way_.size();
}

awaitable<std::shared_ptr<const flight_result>> flights::seat::wait() {
    auto result = co_await me_->turn.get();
    leads_ = !result;
    if (result)
        of_.reset(); // told, and out of the list already
    co_return result;
}

void flights::seat::finish(flight_result r) {
    const auto result = std::make_shared<const flight_result>(std::move(r));
    const auto held = std::move(of_);
    const std::scoped_lock lock(held->mutex_);
    const auto flight = held->under_way_.extract(held->under_way_.find(key_));
    for (auto* each : flight.mapped()) {
        each->is = waiter::state::told_result;
        tell(*each, result);
    }
}

// Who cannot be told for want of memory finds it at the end of his patience.
void flights::tell(waiter& w, std::shared_ptr<const flight_result> result) noexcept {
    try {
        w.turn.set_value(std::move(result));
    } catch (const std::exception&) {
    }
}

flights::seat::~seat() {
    if (of_)
        of_->leave(*this);
}

void flights::leave(seat& s) noexcept {
    const std::scoped_lock lock(mutex_);
    if (s.me_ && s.me_->is == waiter::state::told_result)
        return; // and went before hearing it; another flight may be under way by now
    const auto found = under_way_.find(s.key_);
    auto& queue = found->second;
    if (s.me_ && s.me_->is == waiter::state::sitting) {
        queue.erase(s.me_->place);
        return;
    }
    if (queue.empty()) {
        under_way_.erase(found);
        return;
    }
    auto* next = queue.front();
    queue.pop_front();
    next->is = waiter::state::told_to_lead;
    tell(*next, nullptr);
}

} // namespace infra::cache
