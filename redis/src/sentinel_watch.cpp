#include "sentinel_watch.hpp"

#include "attempt.hpp"

#include "sentinel_place.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace infra::redis::detail {
namespace {

constexpr auto before_next_try = std::chrono::seconds(5); // of listening to sentinels that do not let us

// A sentinel that has gone has to be noticed before the master goes.
options settings_of_watch(const options& o) {
    auto out = sentinel_settings(o);
    out.ping_every = std::chrono::seconds(1);
    out.response_timeout = std::chrono::seconds(1);
    return out;
}

} // namespace

sentinel_watch::sentinel_watch(const std::shared_ptr<lane>& on, const options& o, clock& time)
    : lane_(on),
      master_(o.sentinel->master),
      common_(std::make_shared<common>(settings_of_watch(o), time, std::make_unique<any_sentinel>(o),
                                       describe(o) + ", a sentinel")),
      subscriber_(std::make_shared<subscriber>(on, common_)) {}

void sentinel_watch::begin(std::function<void(const address&, const address*)> moved) {
    if (begun_.exchange(true))
        return;
    moved_ = std::move(moved);
    if (const auto on = lane_.lock())
        on->post([weak = weak_from_this(), ex = on->get_executor()] {
            const auto self = weak.lock();
            if (!self)
                return;
            const context_scope nobodys{context()};
            asio::co_spawn(ex, self->watch(),
                           asio::bind_cancellation_slot(self->stop_.slot(), [self](std::exception_ptr) {}));
        });
}

awaitable<void> sentinel_watch::watch() {
    const auto self = shared_from_this();
    while (true) {
        try {
            co_await listen();
        } catch (const boost::system::system_error& e) {
            if (e.code() == infra::errc::closed || e.code() == asio::error::operation_aborted)
                co_return;
            complain(common_->troubles, "cannot listen to sentinels", common_->server, in_brief(e.what()),
                     common_->time().steady());
        }
        co_await common_->time().sleep_for(before_next_try);
    }
}

awaitable<void> sentinel_watch::listen() {
    const executor ex = co_await asio::this_coro::executor;
    const subscription news(
        co_await subscriber::subscribe(subscriber_, {.channels = {"+switch-master"}}, ex, deadline::never()));
    while (true)
        for (const auto& each : co_await news.receive())
            hear(each);
}

void sentinel_watch::hear(const message& m) const {
    if (const auto to = switched_to(m.payload, master_)) {
        telemetry::log(level::info, "redis", "the master has moved",
                       {{"server", common_->server}, {"to", to_string(*to)}});
        moved_(*to, subscriber_->peer());
    }
}

void sentinel_watch::close() noexcept {
    if (!begun_)
        return;
    const auto end = [self = shared_from_this()] {
        self->subscriber_->close();
        self->stop_.emit(asio::cancellation_type::terminal);
    };
    if (const auto on = lane_.lock())
        attempt([&] { on->post(end); });
}

} // namespace infra::redis::detail
