#include "supervisor.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <new>
#include <utility>

namespace infra::redis::detail {
namespace {

// A connection that lasted so long counts as a success: the next attempt is the first again.
constexpr auto held = std::chrono::seconds(1);

const std::string no_connection = "cannot connect";

// What another attempt will not mend by itself: those who wait are told at once.
bool is_refusal(const boost::system::error_code& code) {
    return code == errc::refused || code == errc::protocol || code == infra::errc::misconfigured;
}

void failed(pipeline& p, boost::system::error_code code, const std::string& why) {
    auto& shared = p.shared();
    shared.count.connected(false);
    shared.note(why);
    complain(shared.troubles, no_connection, p.server(), why, shared.time().steady());
    p.cannot_connect(is_refusal(code) ? code : boost::system::error_code(), why);
}

awaitable<bool> connect(std::shared_ptr<pipeline> p) {
    try {
        auto made = co_await p->open(deadline::never());
        p->shared().count.connected(true);
        p->shared().troubles.mended(no_connection, p->server());
        telemetry::log(level::info, "redis", "connected",
                       {{"server", p->server()}, {"protocol", made.facts.protocol}, {"version", made.facts.version}});
        p->attach(std::move(made));
        co_return true;
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        failed(*p, e.code(), e.what());
    } catch (const std::exception& e) { // no memory: the next attempt may have it
        p->drop(e.what());
        failed(*p, {}, e.what());
    }
    co_return false;
}

void attached(pipeline& p, const std::function<void()>& then) {
    try {
        if (then && !p.closed())
            then();
    } catch (const std::exception& e) { // no memory: the next connection is of more use
        p.drop(e.what());
    }
}

awaitable<void> supervise(std::shared_ptr<pipeline> p, std::function<void()> on_attach,
                          std::function<void()> on_detach) {
    auto& time = p->shared().time();
    for (int failures = 0; !p->closed();) {
        const auto began = time.steady();
        bool connected = false;
        try {
            connected = co_await connect(p);
        } catch (const std::bad_alloc&) { // not even to begin
        }
        if (connected) {
            attached(*p, on_attach);
            co_await p->detached();
            if (on_detach)
                on_detach();
            if (time.steady() - began >= held)
                failures = 0;
        }
        if (p->shared().let_go)
            p->close();
        if (p->closed())
            co_return;
        if (p->shared().cluster) // another may have taken its place
            p->shared().cluster->refresh();
        ++failures;
        co_await p->pause(delay_before_retry(p->shared().settings().reconnect, failures, random_01()));
    }
}

} // namespace

void keep_connected(const std::shared_ptr<pipeline>& p, std::function<void()> on_attach,
                    std::function<void()> on_detach) {
    const auto stop = std::make_shared<asio::cancellation_signal>();
    p->on_close = [stop] { stop->emit(asio::cancellation_type::terminal); };
    const context_scope nobodys{context()}; // not that of whoever happens to be first
    asio::co_spawn(p->get_executor(), supervise(p, std::move(on_attach), std::move(on_detach)),
                   asio::bind_cancellation_slot(stop->slot(), [stop](std::exception_ptr) {}));
}

} // namespace infra::redis::detail
