#include <infra/app.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mutex>
#include <utility>

namespace infra::app {
namespace {

constexpr std::chrono::seconds before_the_next_try{10};

bool is_cancellation(const std::exception& e) noexcept {
    const auto* const coded = dynamic_cast<const boost::system::system_error*>(&e);
    return coded && coded->code() == asio::error::operation_aborted;
}

/// Threads: stop() from any. run() keeps what it needs.
struct working {
    const std::string name;
    const std::function<awaitable<void>()> work;
    clock& time;
    std::mutex mutex{};
    // All guarded by mutex.
    bool stopped = false;
    executor loop{};
    std::shared_ptr<loop_gate> gate{};
    std::shared_ptr<asio::cancellation_signal> cancel{}; // on the loop only

    static awaitable<void> go_on(std::shared_ptr<working> w) {
        for (;; co_await w->time.sleep_for(before_the_next_try)) {
            try {
                co_await w->work();
            } catch (const std::exception& e) {
                if (is_cancellation(e))
                    throw;
                logging::warn("background work failed", {{"work", w->name}, {"error", e}});
            }
        }
    }

    bool begin(executor on, std::shared_ptr<asio::cancellation_signal> by) {
        const std::scoped_lock lock(mutex);
        if (stopped)
            return false;
        gate = loop_gate::of(on);
        loop = std::move(on);
        cancel = std::move(by);
        return true;
    }

    static awaitable<void> run(std::shared_ptr<working> w) {
        const auto loop = co_await asio::this_coro::executor;
        const auto cancel = std::make_shared<asio::cancellation_signal>();
        if (!w->begin(loop, cancel))
            co_return;
        try {
            co_await asio::co_spawn(loop, go_on(w), asio::bind_cancellation_slot(cancel->slot(), asio::use_awaitable));
        } catch (const boost::system::system_error& e) {
            if (!is_cancellation(e))
                throw;
        }
    }

    static awaitable<void> stop(std::shared_ptr<working> w) {
        const std::scoped_lock lock(w->mutex);
        w->stopped = true;
        if (w->gate)
            w->gate->pass([&] {
                asio::post(w->loop, [cancel = w->cancel] { cancel->emit(asio::cancellation_type::terminal); });
            });
        co_return;
    }
};

} // namespace

part background(std::string name, std::function<awaitable<void>()> work, clock& time) {
    const std::shared_ptr<working> w(new working{name, std::move(work), time});
    return {.name = std::move(name),
            .run = [w] { return working::run(w); },
            .stop = [w](deadline) { return working::stop(w); }};
}

} // namespace infra::app
