#include "turns.hpp"

#include <infra/base/with_deadline.hpp>
#include <infra/storage/error.hpp>

namespace infra::storage {

std::size_t turns::in_flight() const {
    const std::scoped_lock lock(mutex_);
    return in_flight_;
}

std::size_t turns::limit() const {
    const std::scoped_lock lock(mutex_);
    return pace_.limit();
}

// Under the lock, as the next.
void turns::let_in(turn& next) {
    next.in_ = true;
    next.number_ = pace_.begin();
    ++in_flight_;
    told_.in_flight(1);
}

void turns::let_in_more() {
    while (!waiting_.empty() && in_flight_ < pace_.limit()) {
        auto& next = *waiting_.front();
        waiting_.pop_front();
        next.place_.reset();
        let_in(next);
        next.called_->set_value();
    }
}

turn::turn(turns& all) : all_(all) {
    const std::scoped_lock lock(all_.mutex_);
    if (all_.waiting_.empty() && all_.in_flight_ < all_.pace_.limit())
        all_.let_in(*this);
}

turn::~turn() {
    const std::scoped_lock lock(all_.mutex_);
    if (place_)
        all_.waiting_.erase(*place_);
    if (in_) {
        --all_.in_flight_;
        all_.told_.in_flight(-1);
    }
    all_.let_in_more();
}

void turn::stand_in_line(const executor& ex, const std::string& for_what) {
    const std::scoped_lock lock(all_.mutex_);
    if (in_)
        return;
    if (all_.waiting_.size() >= turns::max_waiting)
        throw storage_error(infra::errc::overloaded,
                            for_what + ": " + std::to_string(turns::max_waiting) +
                                " requests wait for their turn already; begin fewer calls at once");
    called_.emplace(ex);
    place_ = all_.waiting_.insert(all_.waiting_.end(), this);
    all_.let_in_more();
}

awaitable<void> turn::come(deadline limit, std::string for_what) {
    stand_in_line(co_await asio::this_coro::executor, for_what);
    if (!called_)
        co_return;
    try {
        co_await with_deadline(called_->get(), limit, all_.time_);
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
        throw storage_error(
            infra::errc::overloaded,
            for_what + ": the deadline came before its turn, for " + std::to_string(all_.limit()) +
                " requests are under way, and the store or storage_options::max_requests allows no more");
    }
}

void turn::succeeded() {
    const std::scoped_lock lock(all_.mutex_);
    all_.pace_.succeeded();
}

void turn::throttled() {
    const std::scoped_lock lock(all_.mutex_);
    all_.pace_.throttled(number_);
    all_.told_.throttled();
}

} // namespace infra::storage
