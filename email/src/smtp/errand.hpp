#pragma once

/// One mail on the transport's loop, as seen from the coroutine that waits for it. However that coroutine ends, the mail does not
/// go on unheard.

#include <infra/email/message.hpp>
#include <infra/runtime/loop_gate.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace infra::email::smtp {

class errand {
public:
    /// Begins `work` on `there`; `waits` is where result() is awaited.
    errand(const executor& there, const std::shared_ptr<loop_gate>& gate, const executor& waits,
           awaitable<delivery> work)
        : there_(there), gate_(gate), shared_(std::make_shared<state>(waits)) {
        // A coroutine that is cancelled before it has begun would throw out of the loop.
        auto begin = [s = shared_, w = std::make_shared<awaitable<delivery>>(std::move(work)), there] {
            if (!s->given_up)
                asio::co_spawn(there, begun(s, std::move(*w)),
                               asio::bind_cancellation_slot(s->stop.slot(), [s](std::exception_ptr e, delivery done) {
                                   s->end(e, std::move(done));
                               }));
        };
        gate_->pass([&] { asio::post(there_, std::move(begin)); });
    }
    ~errand() {
        if (!shared_ || answered_)
            return;
        auto end = [s = shared_] {
            s->given_up = true;
            if (s->running)
                s->stop.emit(asio::cancellation_type::terminal);
        };
        try {
            gate_->pass([&] { asio::post(there_, std::move(end)); });
        } catch (...) { // no memory: it goes on to its deadline
        }
    }
    errand(errand&&) noexcept = default;
    errand& operator=(errand&&) = delete;

    awaitable<delivery> result() {
        auto got = co_await shared_->answer.get();
        answered_ = true;
        co_return got;
    }

private:
    struct state {
        explicit state(const executor& waits) : answer(waits) {}
        void end(std::exception_ptr failure, delivery done) {
            running = false;
            if (failure)
                answer.set_exception(std::move(failure));
            else
                answer.set_value(std::move(done));
        }

        const promise<delivery> answer;
        asio::cancellation_signal stop; // what follows on the loop only
        bool given_up = false;
        bool running = false;
    };

    static awaitable<delivery> begun(std::shared_ptr<state> s, awaitable<delivery> work) {
        s->running = true;
        if (s->given_up)
            co_return delivery{};
        co_return co_await std::move(work);
    }

    executor there_;
    std::shared_ptr<loop_gate> gate_;
    std::shared_ptr<state> shared_;
    bool answered_ = false;
};

} // namespace infra::email::smtp
