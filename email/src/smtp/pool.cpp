#include "pool.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace infra::email::smtp {

/// Somebody's place in the line; lives in the frame of take().
struct pool::turn {
    explicit turn(std::shared_ptr<pool> p)
        : of(std::move(p)),
          come(of->executor_, asio::steady_timer::time_point::max()),
          at(of->waiting_.insert(of->waiting_.end(), this)) {}
    ~turn() {
        if (at != of->waiting_.end())
            of->waiting_.erase(at);
        else if (!taken)
            of->pass_on(); // it came together with the end of the wait
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    const std::shared_ptr<pool> of;
    asio::steady_timer come;
    std::list<turn*>::iterator at; // end: it has come
    bool taken = false;
};

pool::pool(executor ex, std::shared_ptr<const smtp_options> options)
    : executor_(std::move(ex)), options_(std::move(options)), free_(options_->connections), old_(executor_) {}

awaitable<pool::lease> pool::take(std::shared_ptr<pool> self) {
    if (self->free_ > 0) {
        --self->free_;
        co_return lease(self);
    }
    turn mine(self);
    boost::system::error_code ec;
    co_await mine.come.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (mine.at != self->waiting_.end())
        throw boost::system::system_error(asio::error::operation_aborted);
    mine.taken = true;
    co_return lease(self);
}

pool::lease::lease(std::shared_ptr<pool> from) : pool_(std::move(from)), connection_(pool_->wake_one()) {
    reused_ = connection_ != nullptr;
    if (reused_)
        return;
    try {
        connection_ = std::make_shared<connection>(pool_->executor_, pool_->options_);
    } catch (...) {
        pool_->pass_on();
        throw;
    }
}

pool::lease::~lease() {
    if (pool_)
        pool_->give_back(std::move(connection_));
}

// The one used last: the others may then grow old.
std::shared_ptr<connection> pool::wake_one() {
    while (!idle_.empty()) {
        auto one = std::move(idle_.back().one);
        idle_.pop_back();
        if (one->is_quiet())
            return one;
        one->left = connection::condition::broken;
    }
    return nullptr;
}

void pool::give_back(std::shared_ptr<connection> one) noexcept {
    const bool good = one->left != connection::condition::broken;
    if (good && !closed_ && options_->max_idle > std::chrono::milliseconds::zero()) {
        try {
            idle_.push_back({std::move(one), std::chrono::steady_clock::now()});
            watch_the_idle();
        } catch (...) { // no memory; it is closed instead
        }
    }
    pass_on();
}

void pool::pass_on() noexcept {
    if (waiting_.empty()) {
        ++free_;
        return;
    }
    auto& next = *waiting_.front();
    waiting_.pop_front();
    next.at = waiting_.end();
    next.come.cancel();
}

void pool::watch_the_idle() {
    if (idle_.empty())
        return;
    old_.expires_at(idle_.front().since + options_->max_idle);
    old_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
        if (const auto self = weak.lock(); self && !ec)
            self->close_old();
    });
}

void pool::close_old() noexcept {
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(idle_, [&](const resting& each) { return each.since + options_->max_idle <= now; });
    try {
        watch_the_idle();
    } catch (...) { // no memory; the next to come back is watched again
    }
}

void pool::close() noexcept {
    closed_ = true;
    old_.cancel();
    idle_.clear();
}

} // namespace infra::email::smtp
