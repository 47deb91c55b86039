// One wave of a journey: each part to its node, all of them at once.

#include "journey_leg.hpp"

#include "exchange.hpp"

#include <infra/base/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace infra::redis::detail {

namespace {

// The word alone does nothing; what follows is what counts.
command asking() { return command("ASKING").again(replay::read); }

} // namespace

void journey::routed::add_to(leg& l) {
    if (ask)
        l.commands.push_back(asking());
    l.commands.insert(l.commands.end(), what.begin(), what.end());
    l.parts.push_back(this);
    l.anywhere &= !ask && !at && !slot;
}

std::optional<address> journey::target(const routed& p) const {
    if (p.ask)
        return p.ask;
    if (p.at)
        return p.at;
    if (!p.slot)
        return on_->anybody();
    const auto* const owner = on_->map()->owner(*p.slot);
    return owner ? std::optional(*owner) : std::nullopt;
}

awaitable<void> journey::travel(lines_ptr on, leg_ptr l, deadline limit) {
    try {
        waiter w(*l->through, l->commands, l->replies, limit, on->shared()->time().steady());
        w.atomic = l->atomic;
        w.anywhere = l->anywhere;
        co_await w.done();
        l->answered = w.answered;
        l->sent = w.sent;
        l->repeated = w.replays > 0;
        const bool late = l->anywhere && limit.passed(on->shared()->time().steady());
        l->elsewhere = w.is_for_elsewhere() && !late;
        if (!l->elsewhere)
            w.throw_failure();
    } catch (...) {
        l->failure = std::current_exception();
    }
}

awaitable<void> journey::travel(lines_ptr on, std::vector<leg_ptr> legs, deadline limit) {
    if (legs.size() == 1) {
        co_await travel(std::move(on), legs.front(), limit);
        co_return;
    }
    const auto ex = co_await asio::this_coro::executor;
    const promise<void> all_back(ex);
    const auto left = std::make_shared<std::size_t>(legs.size());
    for (const auto& each : legs)
        asio::co_spawn(ex, travel(on, each, limit),
                       asio::bind_cancellation_slot(each->stop.slot(), [left, all_back, each](std::exception_ptr) {
                           if (--*left == 0)
                               all_back.set_value();
                       }));
    try {
        co_await all_back.get();
    } catch (const boost::system::system_error& e) {
        for (const auto& each : legs)
            each->stop.emit(asio::cancellation_type::terminal);
        throw error(e.code(), on->shared()->server + ": cancelled; it may have been sent and executed");
    }
}

std::vector<journey::leg_ptr> journey::next_legs() {
    std::vector<leg_ptr> out;
    open_legs open;
    for (auto& each : all_) {
        if (each.done)
            continue;
        if (const auto to = target(each))
            put_on_a_leg(each, *to, open, out);
        else
            nobody_has(each);
    }
    for (const auto& each : out) {
        if (!each->atomic && each->commands.size() > 1)
            each->commands = known_from_the_first(each->commands);
        each->replies.resize(each->commands.size());
    }
    return out;
}

void journey::put_on_a_leg(routed& p, const address& to, open_legs& open, std::vector<leg_ptr>& all) try {
    auto& l = open[to];
    if (!l || p.atomic || l->atomic) {
        auto made = std::make_shared<leg>();
        made->through = on_->line_to(to);
        made->atomic = p.atomic;
        l = made;
        all.push_back(std::move(made));
    }
    p.add_to(*l);
} catch (const error&) {
    p.failure = std::current_exception();
}

} // namespace infra::redis::detail
