#include <infra/queue/arrivals.hpp>

#include <algorithm>

namespace infra::queue {

std::uint64_t arrivals::count() const {
    const std::scoped_lock lock(mutex_);
    return count_;
}

bool arrivals::anybody_waits() const {
    const std::scoped_lock lock(mutex_);
    return !waiters_.empty();
}

void arrivals::tell(waiter& w) {
    if (!std::exchange(w.told, true))
        w.arrived.set_value();
}

void arrivals::publish(const std::set<std::string, std::less<>>& queues) {
    if (queues.empty())
        return;
    const std::scoped_lock lock(mutex_);
    ++count_;
    for (const auto& queue : queues)
        last_.insert_or_assign(queue, count_);
    for (auto& each : waiters_)
        if (std::ranges::any_of(each.queues, [&](const auto& queue) { return queues.contains(queue); }))
            tell(each);
}

void arrivals::publish_to_all() {
    const std::scoped_lock lock(mutex_);
    last_of_all_ = ++count_;
    for (auto& each : waiters_)
        tell(each);
}

bool arrivals::is_closed() const {
    const std::scoped_lock lock(mutex_);
    return closed_ != nullptr;
}

void arrivals::close(std::exception_ptr why) {
    const std::scoped_lock lock(mutex_);
    closed_ = why;
    for (const auto& each : waiters_)
        each.arrived.set_exception(why);
}

bool arrivals::came_after(const std::vector<std::string>& queues, std::uint64_t seen) const {
    return last_of_all_ > seen || std::ranges::any_of(queues, [&](const auto& queue) {
               const auto found = last_.find(queue);
               return found != last_.end() && found->second > seen;
           });
}

// A place among the waiters, left also when the wait is cancelled.
struct arrivals::waiting {
    std::shared_ptr<arrivals> among;
    waiters::iterator place;
    ~waiting() {
        const std::scoped_lock lock(among->mutex_);
        among->waiters_.erase(place);
    }
};

awaitable<void> arrivals::wait(std::shared_ptr<arrivals> self, std::vector<std::string> queues, std::uint64_t seen) {
    const promise<void> arrived(co_await asio::this_coro::executor);
    std::optional<waiting> here;
    {
        const std::scoped_lock lock(self->mutex_);
        if (self->closed_)
            std::rethrow_exception(self->closed_);
        if (self->came_after(queues, seen))
            co_return;
        self->waiters_.push_back({std::move(queues), arrived});
        here.emplace(self, std::prev(self->waiters_.end()));
    }
    self->on_wait_();
    co_await arrived.get();
}

} // namespace infra::queue
