#include "tracker.hpp"

#include "supervisor.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/redis/errc.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {

std::optional<invalidation> invalidation_in(const reply& r) {
    if (r.type() != reply::kind::push || r.items().size() != 2)
        return std::nullopt;
    const auto& verb = r.items()[0];
    const auto& what = r.items()[1];
    if (verb.type() != reply::kind::text || verb.as_text() != "invalidate")
        return std::nullopt;
    invalidation out{.all = what.type() != reply::kind::array};
    if (!out.all)
        for (const auto& each : what.items())
            if (each.type() == reply::kind::text)
                out.keys.push_back(each.as_text());
    return out;
}

command tracking_command(const std::vector<std::string>& prefixes) {
    command c{"CLIENT", "TRACKING", "ON", "BCAST"};
    if (std::ranges::find(prefixes, std::string()) == prefixes.end())
        for (const auto& each : prefixes)
            c.add("PREFIX").add(each);
    return c;
}

void tracker::begin() {
    if (closed_)
        return;
    if (common_->cluster) // one node tells of its own keys alone, which would be taken for all of them
        return telemetry::log(level::warn, "redis", "a cluster tells of no changes", {{"server", common_->server}});
    pipeline_ = std::make_shared<pipeline>(executor_, common_, pipeline_manners{.shared = false});
    pipeline_->on_push = [weak = weak_from_this()](reply& r) {
        const auto self = weak.lock();
        return self && self->hear(r);
    };
    const auto call = [weak = weak_from_this()](void (tracker::*member)()) {
        return [weak, member] {
            if (const auto self = weak.lock())
                ((*self).*member)();
        };
    };
    keep_connected(pipeline_, call(&tracker::on_attach), call(&tracker::on_detach));
}

void tracker::close() {
    closed_ = true;
    if (pipeline_)
        std::exchange(pipeline_, nullptr)->close();
    on_detach();
}

void tracker::on_attach() {
    const auto* const facts = pipeline_->facts();
    if (facts && facts->protocol < 3)
        return telemetry::log(level::warn, "redis", "the server tells of no changes: it speaks RESP2",
                              {{"server", common_->server}});
    asio::co_spawn(executor_, ask(), [](std::exception_ptr) {});
}

void tracker::on_detach() {
    if (!std::exchange(listening_, false))
        return;
    if (const auto to = to_.lock())
        to->deaf();
}

awaitable<void> tracker::ask() {
    const auto self = shared_from_this();
    const auto through = pipeline_;
    const auto limit = deadline::after(common_->settings().response_timeout, common_->time().steady());
    const command c = tracking_command(wanted_.prefixes);
    reply r;
    try {
        waiter w(*through, {&c, 1}, {&r, 1}, limit, common_->time().steady());
        co_await w.done();
        w.throw_failure();
        throw_if_error(r);
    } catch (const boost::system::system_error& e) {
        telemetry::log(level::warn, "redis", "the server tells of no changes",
                       {{"server", common_->server}, {"why", e.what()}});
        if (e.code() == errc::unanswered) // what else it says would keep the connection, and us deaf
            through->drop("the server does not say whether it tells of changes");
        co_return;
    }
    // Lost while the answer was on its way to us: the next connection asks again.
    if (closed_ || through != pipeline_ || !through->attached())
        co_return;
    listening_ = true;
    if (const auto to = to_.lock())
        to->listening();
}

bool tracker::hear(const reply& r) {
    const auto heard = invalidation_in(r);
    const auto to = listening_ ? to_.lock() : nullptr; // who was told that we are deaf keeps nothing that could change
    if (!heard || !to)
        return heard.has_value();
    if (heard->all)
        to->all_changed();
    else
        to->changed(heard->keys);
    return true;
}

tracker_handle::~tracker_handle() {
    if (const auto home = home_.lock())
        home->post([at = std::move(of_)] { at->close(); });
}

} // namespace infra::redis::detail
