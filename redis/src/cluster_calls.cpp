#include "cluster_calls.hpp"

#include "command_table.hpp"
#include "exchange.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace infra::redis::detail {
namespace {

using std::chrono::milliseconds;

/// A part on its way.
struct routed : part {
    explicit routed(part p) : part(std::move(p)) {}

    redirect_policy policy{};
    std::optional<address> ask{}; ///< once, with ASKING
    std::vector<reply> replies{}; ///< of `what`
    std::exception_ptr failure{};
    milliseconds wait{0}; ///< before it is tried again
    bool done = false;
    bool may_have_run = false; ///< although it is not done
};

/// What goes to one node as one request. Shared with its coroutine, which a cancelled call does not wait for.
struct leg {
    node_lines::line_ptr through;
    std::vector<routed*> parts{}; ///< not for its coroutine
    std::vector<command> commands{};
    std::vector<reply> replies{};
    bool atomic = false;
    std::size_t answered = 0;
    bool sent = false;
    bool elsewhere = false; ///< what is unanswered has to be asked elsewhere
    std::exception_ptr failure{};
    asio::cancellation_signal stop{};
};
using leg_ptr = std::shared_ptr<leg>;

// The word alone does nothing; what follows is what counts.
command asking() { return command("ASKING").again(replay::read); }

void put(leg& l, routed& p) {
    if (p.ask)
        l.commands.push_back(asking());
    l.commands.insert(l.commands.end(), p.what.begin(), p.what.end());
    l.parts.push_back(&p);
}

std::optional<address> target(node_lines& on, const routed& p) {
    if (p.ask)
        return p.ask;
    if (p.at)
        return p.at;
    if (!p.slot)
        return on.anybody();
    const auto* const owner = on.map()->owner(*p.slot);
    return owner ? std::optional(*owner) : std::nullopt;
}

class journey {
public:
    journey(lines_ptr on, std::vector<part> parts, deadline limit) : on_(std::move(on)), limit_(limit) {
        for (auto& each : parts)
            all_.emplace_back(std::move(each));
    }

    awaitable<void> run();

    /// Of each part, in order.
    std::vector<std::vector<reply>> take() {
        std::vector<std::vector<reply>> out;
        for (auto& each : all_)
            out.push_back(std::move(each.replies));
        return out;
    }

private:
    using open_legs = std::unordered_map<address, leg_ptr, address_hash>;

    std::vector<leg_ptr> next_legs();
    void put_on_a_leg(routed& p, const address& to, open_legs& open, std::vector<leg_ptr>& all);
    void nobody_has(routed& p);
    void look_at(leg& l);
    void look_at(routed& p, const address& from);
    void follow(routed& p, const redirection& told);
    void end_in_failure();
    bool is_over() const {
        return std::ranges::all_of(all_, [](const routed& p) { return p.done || p.failure; });
    }
    bool has_failed() const {
        return std::ranges::any_of(all_, [](const routed& p) { return p.failure != nullptr; });
    }
    milliseconds longest_wait();
    steady_time now() const { return on_->shared()->time().steady(); }

    const lines_ptr on_;
    const deadline limit_;
    std::vector<routed> all_;
};

// --- One wave --------------------------------------------------------------------------------------------------------

awaitable<void> travel(lines_ptr on, leg_ptr l, deadline limit) {
    try {
        waiter w(*l->through, l->commands, l->replies, limit, on->shared()->time().steady());
        w.atomic = l->atomic;
        co_await w.done();
        l->answered = w.answered;
        l->sent = w.sent;
        l->elsewhere = w.is_for_elsewhere();
        if (!l->elsewhere)
            w.throw_failure();
    } catch (...) {
        l->failure = std::current_exception();
    }
}

awaitable<void> travel(lines_ptr on, std::vector<leg_ptr> legs, deadline limit) {
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
    } catch (...) {
        for (const auto& each : legs)
            each->stop.emit(asio::cancellation_type::terminal);
        throw;
    }
}

std::vector<leg_ptr> journey::next_legs() {
    std::vector<leg_ptr> out;
    open_legs open;
    for (auto& each : all_) {
        if (each.done)
            continue;
        if (const auto to = target(*on_, each))
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
    put(*l, p);
} catch (const error&) {
    p.failure = std::current_exception();
}

// --- What came back --------------------------------------------------------------------------------------------------

void journey::nobody_has(routed& p) {
    on_->cluster().refresh();
    p.replies = {reply("CLUSTERDOWN Hash slot not served", reply::kind::error)};
    follow(p, {.type = redirection::kind::down});
}

void journey::look_at(leg& l) {
    std::size_t at = 0;
    for (auto* const each : l.parts) {
        at += std::exchange(each->ask, std::nullopt) ? 1 : 0;
        const auto end = at + each->what.size();
        const bool answered = !l.failure && (!l.elsewhere || l.answered >= end);
        if (answered) {
            each->replies.assign(std::make_move_iterator(l.replies.begin() + static_cast<std::ptrdiff_t>(at)),
                                 std::make_move_iterator(l.replies.begin() + static_cast<std::ptrdiff_t>(end)));
            look_at(*each, *l.through->node());
        } else if (l.failure) {
            each->failure = l.failure;
        } else if (each->at) {
            each->failure = std::make_exception_ptr(
                error(errc::not_connected, l.through->server() + " is no master of the cluster any more"));
        }
        each->may_have_run |= l.sent && !answered;
        at = end;
    }
}

void journey::look_at(routed& p, const address& from) {
    for (const auto& each : p.replies)
        if (const auto told = on_->cluster().heed(each, from); told.type != redirection::kind::none)
            return follow(p, told);
    if (!p.atomic && p.what.front().source() && p.replies.front().error_code() == "NOSCRIPT")
        p.what.front() = in_full(p.what.front());
    else
        p.done = true;
}

// Whoever has no time left gets what the cluster said.
void journey::follow(routed& p, const redirection& told) {
    const auto next = p.policy.decide(told.type, random_01());
    p.done = !next.again || p.at || limit_.passed(saturating_add(now(), next.wait));
    p.wait = next.wait;
    if (told.type == redirection::kind::ask)
        p.ask = told.to;
}

// --- All waves -------------------------------------------------------------------------------------------------------

awaitable<void> journey::run() {
    co_await on_->cluster().known(limit_);
    while (!is_over()) {
        auto legs = next_legs();
        if (!legs.empty())
            co_await travel(on_, legs, limit_);
        for (const auto& each : legs)
            look_at(*each);
        if (has_failed())
            end_in_failure();
        if (const auto wait = longest_wait(); wait > milliseconds::zero())
            co_await on_->pause(wait);
    }
}

milliseconds journey::longest_wait() {
    milliseconds longest{0};
    for (auto& each : all_)
        longest = std::max(longest, std::exchange(each.wait, milliseconds(0)));
    return longest;
}

bool only_reads(const part& p) {
    return std::ranges::all_of(p.what, [](const command& c) { return replay_of(c) == replay::read; });
}

// One part has failed. Its error may say that nothing was executed, which is not so if others were.
void journey::end_in_failure() {
    std::exception_ptr first;
    bool something_ran = false;
    for (const auto& each : all_) {
        if (each.failure && !first)
            first = each.failure;
        something_ran |= (each.done || each.may_have_run) && !only_reads(each);
    }
    const auto code = code_of(first);
    const bool says_so = may_have_been_executed(code) || code == asio::error::operation_aborted;
    if (!something_ran || says_so)
        std::rethrow_exception(first);
    throw error(errc::lost, "a part of it may have been executed, another failed: " + infra::describe(first));
}

} // namespace

// --- Calls -----------------------------------------------------------------------------------------------------------

namespace {

awaitable<reply> the_long_way(lines_ptr on, command c, deadline limit) {
    std::vector<command> one;
    one.push_back(std::move(c));
    auto replies = co_await cluster_all(std::move(on), std::move(one), limit);
    co_return std::move(replies.front());
}

// Where one command goes that names keys of one slot, whose owner is known; null for all else.
node_lines::line_ptr straight_to(node_lines& on, const command& c) {
    if (!on.map())
        return nullptr;
    const auto where = slots_of(c);
    const auto* const owner = where.has_keys && !where.crosses ? on.map()->owner(where.slot) : nullptr;
    return owner ? on.line_to(*owner) : nullptr;
}

bool is_final(node_lines& on, const waiter& w, const command& c, const reply& r, const address& from) {
    if (w.failure || !r.is_error())
        return !w.is_for_elsewhere();
    return on.cluster().heed(r, from).type == redirection::kind::none && !(c.source() && r.error_code() == "NOSCRIPT");
}

} // namespace

// Nearly always the map is right, and then this is as short as without a cluster.
awaitable<reply> cluster_one(lines_ptr on, command c, deadline limit) {
    const node_lines::call counted(on);
    if (const auto through = straight_to(*on, c)) {
        reply r;
        waiter w(*through, {&c, 1}, {&r, 1}, limit, on->shared()->time().steady());
        co_await w.done();
        if (is_final(*on, w, c, r, *through->node())) {
            w.throw_failure();
            co_return r;
        }
    }
    co_return co_await the_long_way(std::move(on), std::move(c), limit);
}

awaitable<std::vector<reply>> cluster_all(lines_ptr on, std::vector<command> commands, deadline limit) {
    const node_lines::call counted(on);
    const auto room = on->room_for(commands);
    co_await on->cluster().known(limit);
    cluster_plan plan;
    for (const auto& each : commands) {
        const auto where = co_await cluster_slots_of(on, each, limit);
        plan.add(each, where, on->map()->masters());
    }
    journey j(on, std::move(plan.parts()), limit);
    co_await j.run();
    std::vector<reply> replies;
    for (auto& each : j.take())
        replies.push_back(std::move(each.front()));
    co_return plan.replies(std::move(replies));
}

awaitable<std::vector<reply>> cluster_transaction(lines_ptr on, part all, deadline limit) {
    const node_lines::call counted(on);
    const auto room = on->room_for(all.what);
    all.what.front().again(replay::read); // MULTI alone does nothing, wherever it stands
    std::vector<part> one;
    one.push_back(std::move(all));
    journey j(std::move(on), std::move(one), limit);
    co_await j.run();
    co_return std::move(j.take().front());
}

void refuse_unknown(std::string_view master) {
    throw error(errc::not_connected, std::string(master) + " is no master; client::masters() tells who is");
}

awaitable<reply> cluster_at(lines_ptr on, std::string master, command c, deadline limit) {
    const node_lines::call counted(on);
    const auto room = on->room_for({&c, 1});
    co_await on->cluster().known(limit);
    const auto& masters = on->map()->masters();
    const auto at = std::ranges::find(masters, master, [](const address& a) { return to_string(a); });
    if (at == masters.end())
        refuse_unknown(master);
    std::vector<part> one(1);
    one.front() = {.at = *at};
    one.front().what.push_back(std::move(c));
    journey j(std::move(on), std::move(one), limit);
    co_await j.run();
    co_return std::move(j.take().front().front());
}

awaitable<address> cluster_owner(lines_ptr on, std::uint16_t slot, deadline limit) {
    const node_lines::call counted(on);
    redirect_policy policy;
    while (true) {
        co_await on->cluster().known(limit);
        if (const auto* const owner = on->map()->owner(slot))
            co_return *owner;
        on->cluster().refresh();
        const auto wait = policy.decide(redirection::kind::down, random_01()).wait;
        if (limit.passed(saturating_add(on->shared()->time().steady(), wait)))
            throw error(errc::not_connected, on->shared()->server + ": nobody has slot " + std::to_string(slot));
        co_await on->pause(wait);
    }
}

awaitable<slots_of_command> cluster_slots_of(lines_ptr on, command c, deadline limit) {
    auto where = slots_of(c);
    if (where.known)
        co_return where;
    command question{"COMMAND", "GETKEYS"};
    question.add_all(c.words());
    const auto keys = co_await cluster_one(std::move(on), std::move(question), limit);
    where.known = true;
    if (keys.type() != reply::kind::array || keys.items().empty())
        co_return where; // it has none, or nobody knows it, and any node can say so
    where.has_keys = true;
    where.slot = slot_of(keys.items().front().as_text());
    for (const auto& each : keys.items())
        where.crosses |= slot_of(each.as_text()) != where.slot;
    co_return where;
}

} // namespace infra::redis::detail
