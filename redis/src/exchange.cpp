#include "exchange.hpp"

#include "command_table.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <set>
#include <utility>

namespace infra::redis::detail {
namespace {

using enum lane_of_travel;

[[noreturn]] void refuse_command(const command& c, std::string_view why) {
    throw error(infra::errc::invalid_input, std::string(c.name()) + " " + std::string(why));
}

} // namespace

void refuse_unless_shared(std::span<const command> commands) {
    for (const auto& each : commands) {
        switch (lane_of(each)) {
        case shared: break;
        case blocking: refuse_command(each, "blocks its connection and cannot be part of a batch; execute it alone");
        case own:
            refuse_command(
                each, "changes its connection, which others share; use client::lease, client::transaction or options");
        case forbidden:
            refuse_command(each, "would break the order of replies; for messages there is client::subscribe");
        }
    }
}

void refuse_in_session(std::span<const command> commands) {
    for (const auto& each : commands)
        if (lane_of(each) == forbidden)
            refuse_command(each, "would break the order of replies; for messages there is client::subscribe");
}

void refuse_in_transaction(std::span<const command> commands) {
    for (const auto& each : commands)
        if (const auto lane = lane_of(each); lane == own || lane == forbidden)
            refuse_command(each, "cannot be part of a transaction");
}

deadline limit_of_blocking(const command& c, std::optional<deadline> limit, std::chrono::milliseconds usual,
                           steady_time now) {
    const auto waits = blocking_time(c);
    if (!waits)
        refuse_command(c, "does not say how long it waits; name a time that is a number");
    const bool endless = *waits == std::chrono::milliseconds::zero();
    if (endless && !limit)
        refuse_command(c, "waits without end; give it a time or a deadline");
    if (!endless && limit && limit->passed(saturating_add(now, *waits)))
        refuse_command(c, "waits for longer than its deadline, and what it took in between would be lost");
    return limit.value_or(deadline::after(*waits + usual, now));
}

// WAIT takes nothing, so it may wait for longer than its caller does.
deadline limit_in_session(std::span<const command> commands, std::optional<deadline> limit,
                          std::chrono::milliseconds usual, steady_time now) {
    for (const auto& each : commands) {
        const bool blocks = lane_of(each) == blocking;
        if (!blocks && (limit || !waits_for_replicas(each)))
            continue;
        limit_of_blocking(each, limit, usual, now);
        usual += *blocking_time(each);
    }
    return limit.value_or(deadline::after(usual, now));
}

command in_full(const command& call) {
    const auto words = call.words();
    command out{"EVAL", call.source()->text};
    for (std::size_t i = 2; i < words.size(); ++i)
        out.add(words[i]);
    if (const auto declared = call.declared_replay())
        out.again(*declared);
    return out;
}

std::vector<command> known_from_the_first(std::span<const command> commands) {
    std::vector<command> out;
    out.reserve(commands.size());
    std::set<std::string_view> known;
    for (const auto& each : commands)
        out.push_back(each.source() && known.insert(each.source()->sha1).second ? in_full(each) : each);
    return out;
}

error partly_executed(const boost::system::system_error& why) {
    const bool says_so = may_have_been_executed(why.code()) || why.code() == asio::error::operation_aborted;
    return error(says_so ? why.code() : make_error_code(errc::lost),
                 std::string(why.what()) + "; the rest of its batch has been executed");
}

std::vector<std::size_t> unknown_scripts(std::span<const command> commands, std::span<const reply> replies) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < commands.size(); ++i)
        if (commands[i].source() && replies[i].error_code() == "NOSCRIPT")
            out.push_back(i);
    return out;
}

std::vector<command> as_transaction(std::span<const command> commands) {
    std::vector<command> out;
    out.reserve(commands.size() + 2);
    out.emplace_back("MULTI");
    for (const auto& each : commands)
        out.push_back(each.source() ? in_full(each) : each);
    out.emplace_back("EXEC");
    return out;
}

std::optional<std::vector<reply>> result_of_transaction(std::span<const command> sent, std::span<reply> replies) {
    // The first refusal is the cause; EXEC only says that there was one.
    for (std::size_t i = 0; i < replies.size(); ++i)
        if (replies[i].is_error()) {
            try {
                throw_if_error(replies[i]);
            } catch (const error& e) {
                throw error(errc::server, std::string(sent[i].name()) + " of a transaction: " + e.what());
            }
        }
    auto& last = replies.back();
    if (last.is_null())
        return std::nullopt;
    return std::move(last).take_items();
}

} // namespace infra::redis::detail
