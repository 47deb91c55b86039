#include "cluster_calls.hpp"

#include "command_table.hpp"
#include "journey.hpp"
#include "redirect.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {
namespace {

awaitable<reply> the_long_way(lines_ptr on, command c, deadline limit) {
    std::vector<command> one;
    one.push_back(std::move(c));
    auto replies = co_await cluster_all(std::move(on), std::move(one), limit);
    co_return std::move(replies.front());
}

// What repeating does not harm may have been done once already by a node that is gone.
awaitable<reply> once_more(lines_ptr on, command c, deadline limit) {
    if (replay_of(c) == replay::read)
        co_return co_await the_long_way(std::move(on), std::move(c), limit);
    try {
        auto r = co_await the_long_way(std::move(on), c, limit);
        if (redirection_in(r, {}, c).type == redirection::kind::none)
            co_return r;
        throw executed_by_one_gone(r.error_message());
    } catch (const boost::system::system_error& e) {
        if (may_have_been_executed(e.code()) || e.code() == asio::error::operation_aborted)
            throw;
        throw executed_by_one_gone(e.what());
    }
}

// Where one command goes that names keys of one slot, whose owner is known; null for all else.
node_lines::line_ptr straight_to(node_lines& on, const command& c) {
    if (!on.map())
        return nullptr;
    const auto where = slots_of(c);
    const auto* const owner = where.has_keys && !where.crosses ? on.map()->owner(where.slot) : nullptr;
    try {
        return owner ? on.line_to(*owner) : nullptr;
    } catch (const error&) { // the long way fails as well, but not at once
        return nullptr;
    }
}

bool is_final(node_lines& on, const waiter& w, const command& c, const reply& r, const address& from) {
    if (w.failure || !r.is_error())
        return !w.is_for_elsewhere();
    return on.cluster().heed(r, from, c).type == redirection::kind::none &&
           !(c.source() && r.error_code() == "NOSCRIPT");
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
        if (w.replays > 0)
            co_return co_await once_more(std::move(on), std::move(c), limit);
    }
    co_return co_await the_long_way(std::move(on), std::move(c), limit);
}

namespace {

awaitable<std::vector<reply>> with_room(lines_ptr on, std::vector<command> commands, deadline limit) {
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

} // namespace

awaitable<std::vector<reply>> cluster_all(lines_ptr on, std::vector<command> commands, deadline limit) {
    const node_lines::call counted(on);
    const auto room = co_await on->room_for(commands);
    co_return co_await with_room(std::move(on), std::move(commands), limit);
}

awaitable<std::vector<reply>> cluster_transaction(lines_ptr on, part all, deadline limit) {
    const node_lines::call counted(on);
    const auto room = co_await on->room_for(all.what);
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
    const auto room = co_await on->room_for({&c, 1});
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
    std::vector<command> question{{"COMMAND", "GETKEYS"}};
    question.front().add_all(c.words());
    const auto keys = std::move((co_await with_room(std::move(on), std::move(question), limit)).front());
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
