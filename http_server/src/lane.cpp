#include "lane.hpp"

#include <infra/base/context_executor.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace infra::http::detail {
namespace {

executor without_context(const executor& ex) {
    using plain = asio::io_context::executor_type;
    const auto* carrying = ex.target<context_executor<plain>>();
    return carrying ? executor(carrying->inner()) : ex;
}

std::chrono::milliseconds tick_for(const server_timeouts& t) {
    using namespace std::chrono_literals;
    return std::clamp(std::min({t.header, t.body, t.idle, t.write, t.handler}) / 4, 10ms, 1000ms);
}

} // namespace

lane::lane(executor ex, const server_options& options, std::size_t routes, clock& time)
    : executor_(std::move(ex)),
      io_executor_(without_context(executor_)),
      time_(time),
      tick_(tick_for(options.timeouts)),
      reporter_(routes, options.access_log) {}

void lane::adopt(std::shared_ptr<server_state> server, std::unique_ptr<transport> through,
                 const asio::ip::tcp::endpoint& peer, bool refused) {
    asio::post(executor_, [self = shared_from_this(), server = std::move(server), through = std::move(through), peer,
                           refused]() mutable {
        self->server_ = server;
        const connection_ptr added(new connection(self, std::move(server), std::move(through), peer));
        self->connections_.push_back(*added);
        self->start_sweeping();
        added->start(refused);
        if (self->draining_)
            added->drain();
    });
}

void lane::drain() {
    asio::post(executor_, [self = shared_from_this()] {
        self->draining_ = true;
        for (const auto& each : self->snapshot())
            each->drain();
        self->removed();
    });
}

void lane::cut() {
    asio::post(executor_, [self = shared_from_this()] {
        self->draining_ = true;
        for (const auto& each : self->snapshot())
            each->cut();
    });
}

// The last to leave a draining lane ends the sweep, so that nothing waits on the clock any more.
void lane::removed() {
    if (draining_ && connections_.empty())
        stop_sweeping_.emit(asio::cancellation_type::terminal);
}

void lane::start_sweeping() {
    const auto server = server_.lock();
    if (std::exchange(sweeping_, true) || !server)
        return;
    server->enter();
    asio::co_spawn(
        executor_, sweep(shared_from_this()),
        asio::bind_cancellation_slot(stop_sweeping_.slot(), [self = shared_from_this(), server](std::exception_ptr) {
            self->sweeping_ = false;
            server->leave();
        }));
}

// Runs only while there are connections: an idle server never wakes.
awaitable<void> lane::sweep(std::shared_ptr<lane> self) {
    while (!self->connections_.empty()) {
        co_await self->time_.sleep_for(self->tick_);
        const auto now = self->now();
        for (const auto& each : self->snapshot())
            each->check_deadlines(now);
    }
}

std::vector<connection_ptr> lane::snapshot() {
    std::vector<connection_ptr> all;
    for (auto& each : connections_)
        all.emplace_back(&each);
    return all;
}

} // namespace infra::http::detail
