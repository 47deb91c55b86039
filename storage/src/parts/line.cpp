#include "line.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace infra::storage {

// Somebody who waits, or has just been served. Lives in the frame of take().
class line::place {
public:
    place(line& of, std::size_t amount, const executor& ex) : of_(of), amount_(amount), called_(ex) {
        const std::scoped_lock lock(of_.mutex_);
        at_ = of_.waiting_.insert(of_.waiting_.end(), this);
        of_.serve();
    }
    ~place() {
        const std::scoped_lock lock(of_.mutex_);
        if (!served_)
            of_.waiting_.erase(at_);
        else if (!taken_)
            of_.give(-static_cast<std::ptrdiff_t>(amount_));
        of_.serve();
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    bool served() const {
        const std::scoped_lock lock(of_.mutex_);
        return served_;
    }
    awaitable<void> come() const { return called_.get(); }
    void take() noexcept { taken_ = true; }

private:
    friend class line;
    line& of_;
    const std::size_t amount_;
    const promise<void> called_;
    places::iterator at_{};
    bool served_ = false; // guarded by of_.mutex_
    bool taken_ = false;
};

ticket::~ticket() {
    if (of_)
        of_->give_back(amount_);
}

awaitable<ticket> line::take(std::size_t amount, deadline limit, clock& time) {
    const auto self = shared_from_this();
    place mine(*this, amount, co_await asio::this_coro::executor);
    if (!mine.served())
        co_await with_deadline(mine.come(), limit, time);
    mine.take();
    co_return ticket(self, amount);
}

std::size_t line::taken() const {
    const std::scoped_lock lock(mutex_);
    return taken_;
}

std::size_t line::waiting() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
}

void line::give(std::ptrdiff_t amount) noexcept {
    taken_ = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(taken_) + amount);
    if (told_)
        told_(amount);
}

void line::give_back(std::size_t amount) noexcept {
    const std::scoped_lock lock(mutex_);
    give(-static_cast<std::ptrdiff_t>(amount));
    serve();
}

// Strictly in order: what is small does not overtake what is large, which would otherwise wait for ever.
void line::serve() noexcept {
    while (!waiting_.empty() && has(waiting_.front()->amount_)) {
        auto* const next = waiting_.front();
        waiting_.pop_front();
        next->served_ = true;
        give(static_cast<std::ptrdiff_t>(next->amount_));
        next->called_.set_value();
    }
}

} // namespace infra::storage
