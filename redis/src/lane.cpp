#include "lane.hpp"

#include "supervisor.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/post.hpp>

namespace infra::redis::detail {

lane::lane(executor ex, std::shared_ptr<common> shared)
    : executor_(std::move(ex)),
      common_(std::move(shared)),
      pipeline_(std::make_shared<pipeline>(executor_, common_)),
      gate_(loop_gate::of(executor_)),
      mail_(executor_) {}

pipeline& lane::use() {
    if (!used_.load(std::memory_order_relaxed)) {
        used_ = true;
        ++common_->shared_expected;
        keep_connected(pipeline_);
    }
    return *pipeline_;
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

void lane::let_go() noexcept {
    mail_.close();
    if (used_)
        gate_->pass([this] { asio::post(executor_, [p = pipeline_] { p->close(); }); });
}

awaitable<void> lane::ended() {
    const promise<void> past(co_await asio::this_coro::executor);
    bool posted = false;
    if (used_)
        gate_->pass([&] {
            asio::post(executor_, [past] { past.set_value(); });
            posted = true;
        });
    if (posted)
        co_await past.get();
}

} // namespace infra::redis::detail
