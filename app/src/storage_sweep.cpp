#include "storage_sweep.hpp"

#include <infra/logging.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace infra::app {
namespace {

constexpr std::chrono::hours between{24};

void tell(const storage::sweep_result& swept) {
    if (swept.uploads + swept.leavings > 0)
        logging::info("storage swept", {{"uploads", swept.uploads}, {"leavings", swept.leavings}});
}

awaitable<void> sweep_daily(storage::storage of, std::chrono::milliseconds age, clock& time) {
    for (;;) {
        co_await time.sleep_for(between);
        try {
            tell(co_await of.sweep(age));
        } catch (const boost::system::system_error& e) {
            if (e.code() == asio::error::operation_aborted)
                throw;
            logging::warn("storage could not be swept", {{"error", e}});
        }
    }
}

} // namespace

struct storage_sweep::state {
    const storage::storage of;
    const std::chrono::milliseconds age;
    clock& time;
    std::mutex mutex{};
    // All guarded by mutex.
    bool stopped = false;
    executor loop{};
    std::shared_ptr<loop_gate> gate{};
    std::shared_ptr<asio::cancellation_signal> cancel{}; // on the loop only
};

storage_sweep::storage_sweep(storage::storage of, std::chrono::milliseconds age, clock& time)
    : state_(new state{std::move(of), age, time}) {}

awaitable<void> storage_sweep::run() const {
    const auto held = state_;
    const auto loop = co_await asio::this_coro::executor;
    const auto cancel = std::make_shared<asio::cancellation_signal>();
    {
        const std::scoped_lock lock(held->mutex);
        if (held->stopped)
            co_return;
        held->loop = loop;
        held->gate = loop_gate::of(loop);
        held->cancel = cancel;
    }
    try {
        co_await asio::co_spawn(loop, sweep_daily(held->of, held->age, held->time),
                                asio::bind_cancellation_slot(cancel->slot(), asio::use_awaitable));
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            throw;
    }
}

void storage_sweep::stop() const {
    const std::scoped_lock lock(state_->mutex);
    state_->stopped = true;
    if (state_->gate)
        state_->gate->pass([this] {
            asio::post(state_->loop, [cancel = state_->cancel] { cancel->emit(asio::cancellation_type::terminal); });
        });
}

} // namespace infra::app
