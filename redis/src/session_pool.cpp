#include "session_pool.hpp"

#include "attempt.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {
namespace {

error closed() { return error(infra::errc::closed, "the Redis client was stopped"); }

bool fits(const own_connection& c, const executor& ex, const std::optional<address>& at) {
    return c.get_executor() == ex && (at ? c.node() && *c.node() == *at : !c.node());
}

} // namespace

bool session_pool::try_take(const executor& ex, const std::optional<address>& at, taken& out) {
    const std::scoped_lock lock(mutex_);
    if (!accepting_)
        throw closed();
    const auto here = std::ranges::find_if(resting_, [&](const auto& each) { return fits(*each, ex, at); });
    if (here != resting_.end()) {
        out.found = std::move(*here);
        resting_.erase(here);
        return true;
    }
    if (taken_ < common_->settings().max_sessions) {
        ++taken_;
        return true;
    }
    if (resting_.empty())
        return false;
    out.evicted = std::move(resting_.front()); // another loop's or node's: its room is ours
    resting_.erase(resting_.begin());
    return true;
}

awaitable<std::shared_ptr<own_connection>> session_pool::take_room(executor ex, std::optional<address> at,
                                                                   deadline limit) {
    taken out;
    while (!try_take(ex, at, out)) {
        const promise<void> turn(ex);
        const auto ticket = wait_in_line(turn);
        try {
            co_await with_deadline(turn.get(), limit, common_->time());
        } catch (const boost::system::system_error& e) {
            give_up_waiting(ticket);
            if (e.code() == infra::errc::timed_out)
                throw error(errc::exhausted,
                            common_->server + ": all " + std::to_string(common_->settings().max_sessions) +
                                " connections for blocking commands and sessions are in use (options::max_sessions)");
            throw;
        }
    }
    if (out.evicted)
        close_there(std::move(out.evicted));
    co_return out.found;
}

std::uint64_t session_pool::wait_in_line(const promise<void>& turn) {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back({++last_ticket_, turn});
    return last_ticket_;
}

// Whoever gives up waiting may have been told already: then it is another's turn.
void session_pool::give_up_waiting(std::uint64_t ticket) {
    const std::scoped_lock lock(mutex_);
    if (std::erase_if(waiting_, [ticket](const waiting& w) { return w.ticket == ticket; }) == 0)
        wake_one();
}

void session_pool::wake_one() {
    if (waiting_.empty())
        return;
    const auto next = waiting_.front();
    waiting_.pop_front();
    next.turn.set_value();
}

void session_pool::free_room() {
    const std::scoped_lock lock(mutex_);
    --taken_;
    wake_one();
    tell_returned();
}

// Under the lock.
void session_pool::tell_returned() {
    if (taken_ > resting_.size())
        return;
    for (const auto& each : std::exchange(until_returned_, {}))
        each.set_value();
}

awaitable<void> session_pool::all_returned() {
    const promise<void> returned(co_await asio::this_coro::executor);
    {
        const std::scoped_lock lock(mutex_);
        until_returned_.push_back(returned);
        tell_returned();
    }
    co_await returned.get();
}

// What comes after close_all() would be closed by nobody.
void session_pool::enlist(const std::shared_ptr<own_connection>& one) {
    const std::scoped_lock lock(mutex_);
    if (!accepting_)
        throw closed();
    std::erase_if(all_, [](const auto& each) { return each.expired(); });
    all_.push_back(one);
}

awaitable<std::shared_ptr<own_connection>> session_pool::lease(deadline limit, std::optional<address> at) {
    const auto self = shared_from_this();
    const executor ex = co_await asio::this_coro::executor;
    auto one = co_await take_room(ex, at, limit);
    if (one && one->is_clean()) {
        one->wake();
        co_return one;
    }
    one = std::make_shared<own_connection>(ex, common_, std::move(at));
    one->pool_ = self;
    try {
        enlist(one);
        co_await one->open(limit);
    } catch (...) {
        free_room();
        throw;
    }
    co_return one;
}

// What belongs to the loop is done before the lock is taken, here as elsewhere: the loop has locks of its own.
void session_pool::give_back(std::shared_ptr<own_connection> one) noexcept {
    const bool clean = one->is_clean();
    if (clean)
        one->rest(common_->settings().session_max_idle, [weak = weak_from_this(), raw = one.get()] {
            if (const auto self = weak.lock())
                self->forget_resting(raw);
        });
    if (clean && keep(one))
        return;
    one->wake();
    one->close();
    free_room();
}

bool session_pool::keep(const std::shared_ptr<own_connection>& one) {
    const std::scoped_lock lock(mutex_);
    if (!accepting_)
        return false;
    resting_.push_back(one);
    wake_one();
    tell_returned();
    return true;
}

void session_pool::forget_resting(const own_connection* one) {
    std::shared_ptr<own_connection> gone;
    {
        const std::scoped_lock lock(mutex_);
        const auto at = std::ranges::find(resting_, one, [](const auto& each) { return each.get(); });
        if (at == resting_.end())
            return;
        gone = std::move(*at);
        resting_.erase(at);
        --taken_;
        wake_one();
    }
    gone->close();
}

// --- The end --------------------------------------------------------------------------------------------------------

// The last reference ends there too, not here, unless there is no memory to send it there.
void session_pool::close_there(std::shared_ptr<own_connection> one) noexcept {
    const auto ex = one->get_executor();
    const auto gate = one->gate();
    auto end = [one = std::move(one)] {
        one->wake();
        one->close();
    };
    attempt([&] { gate->pass([&] { asio::post(ex, std::move(end)); }); });
}

// As with close_there(), the last reference may be this one.
void session_pool::leave_unless_at(const address& there) {
    decltype(all_) all;
    {
        const std::scoped_lock lock(mutex_);
        all = all_;
    }
    for (const auto& each : all) {
        auto one = each.lock();
        if (!one)
            continue;
        const auto ex = one->get_executor();
        const auto gate = one->gate();
        gate->pass([&] { asio::post(ex, [one = std::move(one), there] { one->leave_unless_at(there); }); });
    }
}

void session_pool::stop_accepting() {
    const std::scoped_lock lock(mutex_);
    accepting_ = false;
    while (!waiting_.empty())
        wake_one();
}

void session_pool::close_all() noexcept {
    attempt([this] { stop_accepting(); });
    std::vector<std::weak_ptr<own_connection>> all;
    decltype(resting_) rested;
    {
        const std::scoped_lock lock(mutex_);
        all.swap(all_);
        taken_ -= resting_.size();
        rested.swap(resting_);
    }
    for (const auto& each : all)
        if (auto one = each.lock())
            close_there(std::move(one));
    for (auto& each : rested)
        close_there(std::move(each));
}

std::size_t session_pool::open() const {
    const std::scoped_lock lock(mutex_);
    return taken_;
}

} // namespace infra::redis::detail
