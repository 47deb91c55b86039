#include <infra/base/clock.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <map>
#include <mutex>
#include <vector>

namespace infra {
namespace {

class system_clocks final : public clock {
public:
    wall_time wall() const noexcept override {
        return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    }
    steady_time steady() const noexcept override { return std::chrono::steady_clock::now(); }

    awaitable<void> sleep_until(steady_time when) override {
        asio::steady_timer timer(co_await asio::this_coro::executor, when);
        co_await timer.async_wait(asio::use_awaitable);
    }
};

// One sleeping coroutine. Its timer is only ever touched on its own executor, since Asio's timers belong to one thread
// at a time; advance() therefore posts the wake-up there, and `woken` tells it from a cancellation.
struct sleeper {
    explicit sleeper(const executor& ex) : timer(ex, steady_time::max()) {}
    asio::steady_timer timer;
    bool woken = false;
};

} // namespace

clock& real_clock() noexcept {
    static auto& clocks =
        *new system_clocks; // never destroyed: loops and destructors of statics ask for it till the end
    return clocks;
}

struct manual_clock::state {
    mutable std::mutex mutex;
    wall_time wall = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
    steady_time steady = steady_time(std::chrono::hours(1));
    // The coroutines own their sleepers: a loop that goes takes its timers with it, and the clock may outlive it.
    // By time and, where that is the same, in the order they came.
    using place = std::pair<steady_time, std::uint64_t>;
    std::map<place, std::weak_ptr<sleeper>> sleepers;
    std::uint64_t last = 0;

    place add(steady_time when, std::weak_ptr<sleeper> who) {
        return sleepers.emplace(place(when, ++last), std::move(who)).first->first;
    }

    // Takes out whoever is due, in order.
    std::vector<std::shared_ptr<sleeper>> take_due() {
        std::vector<std::shared_ptr<sleeper>> due;
        const auto end = sleepers.upper_bound(place(steady, last));
        for (auto it = sleepers.begin(); it != end; ++it)
            if (auto each = it->second.lock())
                due.push_back(std::move(each));
        sleepers.erase(sleepers.begin(), end);
        return due;
    }
};

namespace {

// An entry in the list, for as long as the coroutine sleeps: until woken, cancelled or destroyed with its loop.
template <class State>
class bed {
public:
    bed(std::shared_ptr<State> of, steady_time when, const std::shared_ptr<sleeper>& who)
        : of_(std::move(of)), place_(of_->add(when, who)) {}
    ~bed() {
        const std::scoped_lock lock(of_->mutex);
        of_->sleepers.erase(place_);
    }
    bed(const bed&) = delete;
    bed& operator=(const bed&) = delete;

private:
    std::shared_ptr<State> of_;
    typename State::place place_;
};

} // namespace

manual_clock::manual_clock() : state_(std::make_shared<state>()) {}
manual_clock::~manual_clock() = default;

wall_time manual_clock::wall() const noexcept {
    const std::scoped_lock lock(state_->mutex);
    return state_->wall;
}

steady_time manual_clock::steady() const noexcept {
    const std::scoped_lock lock(state_->mutex);
    return state_->steady;
}

std::size_t manual_clock::sleepers() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->sleepers.size();
}

void manual_clock::set_wall(wall_time t) {
    const std::scoped_lock lock(state_->mutex);
    state_->wall = t;
}

void manual_clock::advance_by(std::chrono::nanoseconds d) {
    std::vector<std::shared_ptr<sleeper>> due;
    {
        const std::scoped_lock lock(state_->mutex);
        state_->wall = saturating_add(state_->wall, d);
        state_->steady = saturating_add(state_->steady, d);
        due = state_->take_due();
    }
    for (auto& each : due)
        asio::post(each->timer.get_executor(), [each] {
            each->woken = true;
            each->timer.cancel();
        });
}

awaitable<void> manual_clock::sleep_until(steady_time when) {
    const auto shared = state_; // a cancelled sleeper may be resumed after the test's clock has gone
    const auto me = std::make_shared<sleeper>(co_await asio::this_coro::executor);
    std::unique_lock lock(shared->mutex);
    if (when <= shared->steady)
        co_return;
    const bed mine(shared, when, me);
    lock.unlock();
    boost::system::error_code ec;
    co_await me->timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    if (!me->woken)
        throw boost::system::system_error(ec);
}

} // namespace infra
