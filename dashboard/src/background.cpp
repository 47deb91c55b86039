#include "background.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace infra::dashboard {
namespace {

constexpr std::chrono::seconds before_the_next_try{10};

} // namespace

struct background::state {
    const std::string name;
    const std::function<awaitable<void>()> work;
    clock& time;
    std::mutex mutex{};
    // All guarded by mutex.
    bool stopped = false;
    executor loop{};
    std::shared_ptr<loop_gate> gate{};
    std::shared_ptr<asio::cancellation_signal> cancel{}; // on the loop only

    static awaitable<void> go_on(std::shared_ptr<state> s) {
        const context_scope quiet(context().with_telemetry_suppressed());
        for (;; co_await s->time.sleep_for(before_the_next_try)) {
            try {
                co_await s->work();
            } catch (const std::exception& e) {
                const auto* const coded = dynamic_cast<const boost::system::system_error*>(&e);
                if (coded && coded->code() == asio::error::operation_aborted)
                    throw;
                const context_scope loud{context()};
                telemetry::log(level::warn, "dashboard", "background work failed",
                               {{"work", s->name}, {"error", e.what()}});
            }
        }
    }
};

background::background(std::string name, std::function<awaitable<void>()> work, clock& time)
    : state_(new state{std::move(name), std::move(work), time}) {}

awaitable<void> background::run() const {
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
        co_await asio::co_spawn(loop, state::go_on(held),
                                asio::bind_cancellation_slot(cancel->slot(), asio::use_awaitable));
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            throw;
    }
}

void background::stop() const {
    const std::scoped_lock lock(state_->mutex);
    state_->stopped = true;
    if (state_->gate)
        state_->gate->pass([this] {
            asio::post(state_->loop, [cancel = state_->cancel] { cancel->emit(asio::cancellation_type::terminal); });
        });
}

} // namespace infra::dashboard
