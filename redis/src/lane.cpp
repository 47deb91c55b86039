#include "lane.hpp"

#include "attempt.hpp"
#include "supervisor.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <limits>

namespace infra::redis::detail {

lane::lane(executor ex, std::shared_ptr<common> shared)
    : executor_(std::move(ex)),
      common_(std::move(shared)),
      pipeline_(std::make_shared<pipeline>(executor_, common_)),
      nodes_(common_->cluster ? std::make_shared<node_lines>(executor_, common_) : nullptr),
      gate_(loop_gate::of(executor_)),
      room_(std::make_shared<allowance>(common_->settings().max_queued_commands, common_->settings().max_queued_bytes)),
      mail_(executor_, {.max_items = std::numeric_limits<std::size_t>::max()}) {} // `room_` is its bound

pipeline& lane::use() {
    if (!used_.load(std::memory_order_relaxed) && !pipeline_->closed()) {
        used_ = true;
        ++common_->shared_expected;
        keep_connected(pipeline_);
    }
    return *pipeline_;
}

// Not at once: whoever tries again in a loop would keep his own from turning.
awaitable<void> lane::refuse(error why) {
    co_await asio::post(asio::use_awaitable);
    throw why;
}

awaitable<allowance::share> lane::room_for(postage takes) {
    auto taken = allowance::take(room_, takes.items, takes.bytes);
    if (!taken) {
        common_->count.commands(outcome::overloaded, takes.items);
        co_await refuse(error(infra::errc::overloaded, common_->server +
                                                           ": too much is on its way to this loop "
                                                           "(options::max_queued_commands, max_queued_bytes)"));
    }
    co_return std::move(*taken);
}

// Posted rather than begun: under the gate's lock nothing may run that asks for another's.
bool lane::post(std::function<void()> f) {
    if (!mail_.post(std::move(f)))
        return false;
    if (!reading_.exchange(true))
        gate_->pass([this] { asio::post(executor_, [self = shared_from_this()] { self->begin_to_read(); }); });
    return true;
}

namespace {

// What one caller asked may lack memory; the others' mail is read all the same.
void do_it(const std::function<void()>& asked) {
    try {
        asked();
    } catch (const std::exception& e) {
        telemetry::log(level::error, "redis", "a command from another thread was lost", {{"error", e}});
    }
}

} // namespace

void lane::begin_to_read() {
    const context_scope nobodys{context()};
    asio::co_spawn(executor_, read_mail(shared_from_this()), [](std::exception_ptr) {});
}

awaitable<void> lane::read_mail(std::shared_ptr<lane> self) {
    while (true)
        for (auto& each : co_await self->mail_.receive())
            do_it(each);
}

// Whether or not it was used: what lies in its mail may be about to.
void lane::let_go() noexcept {
    attempt([this] { mail_.close(); });
    const auto end = [p = pipeline_, n = nodes_] {
        p->close();
        if (n)
            n->close();
    };
    attempt([&] { gate_->pass([&] { asio::post(executor_, end); }); });
}

awaitable<void> lane::ended() {
    const promise<void> past(co_await asio::this_coro::executor);
    bool posted = false;
    if (used() || nodes_)
        gate_->pass([&] {
            asio::post(executor_, [past] { past.set_value(); });
            posted = true;
        });
    if (posted)
        co_await past.get();
}

} // namespace infra::redis::detail
