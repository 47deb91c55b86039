#include "journey.hpp"

#include "command_table.hpp"
#include "complaints.hpp"
#include "exchange.hpp"
#include "journey_leg.hpp"
#include "redirect.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace infra::redis::detail {

using std::chrono::milliseconds;

journey::journey(lines_ptr on, std::vector<part> parts, deadline limit) : on_(std::move(on)), limit_(limit) {
    for (auto& each : parts)
        all_.emplace_back(std::move(each));
}

journey::~journey() = default;

std::vector<std::vector<reply>> journey::take() {
    std::vector<std::vector<reply>> out;
    for (auto& each : all_)
        out.push_back(std::move(each.replies));
    return out;
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
        each->may_have_run |= l.repeated || (l.sent && !answered);
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
        at = end;
    }
}

void journey::look_at(routed& p, const address& from) {
    for (std::size_t i = 0; i < p.replies.size(); ++i)
        if (const auto told = on_->cluster().heed(p.replies[i], from, p.what[i]); told.type != redirection::kind::none)
            return follow(p, told);
    if (!p.atomic && p.what.front().source() && p.replies.front().error_code() == "NOSCRIPT")
        p.what.front() = in_full(p.what.front());
    else
        p.done = true;
}

namespace {

bool all_read(const part& p) {
    return std::ranges::all_of(p.what, [](const command& c) { return replay_of(c) == replay::read; });
}

std::string_view first_error(const std::vector<reply>& replies) {
    const auto failed = std::ranges::find_if(replies, &reply::is_error);
    return failed == replies.end() ? std::string_view() : failed->error_message();
}

} // namespace

// Whoever has no time left gets what the cluster said, unless that is true of the last try only.
void journey::follow(routed& p, const redirection& told) {
    const auto next = p.policy.decide(told.type, random_01());
    p.done = !next.again || p.at || limit_.passed(saturating_add(now(), next.wait));
    p.wait = p.done ? milliseconds(0) : next.wait;
    if (p.done && p.may_have_run && !all_read(p))
        p.failure = std::make_exception_ptr(executed_by_one_gone(first_error(p.replies)));
    if (told.type == redirection::kind::ask)
        p.ask = told.to;
}

bool journey::is_over() const {
    return std::ranges::all_of(all_, [](const routed& p) { return p.done || p.failure; });
}

bool journey::has_failed() const {
    return std::ranges::any_of(all_, [](const routed& p) { return p.failure != nullptr; });
}

error executed_by_one_gone(std::string_view said) {
    return error(errc::lost, "it was sent to a node that is gone, and may have been executed: " + in_brief(said));
}

// --- All waves -------------------------------------------------------------------------------------------------------

awaitable<void> journey::run() {
    co_await on_->cluster().known(limit_);
    while (!is_over()) {
        auto legs = next_legs();
        if (legs.empty() && has_failed()) // not at once: whoever tries again in a loop would keep his own from turning
            co_await asio::post(asio::use_awaitable);
        if (!legs.empty())
            co_await travel(on_, legs, limit_);
        for (const auto& each : legs)
            look_at(*each);
        if (has_failed())
            end_in_failure();
        if (const auto wait = longest_wait(); wait > milliseconds::zero())
            co_await pause(wait);
    }
}

// Whoever is cancelled here is told of what came before.
awaitable<void> journey::pause(milliseconds time) {
    try {
        co_await on_->pause(time);
        co_return;
    } catch (const boost::system::system_error&) {
        for (auto& each : all_)
            if (!each.done)
                each.failure = std::current_exception();
    }
    end_in_failure();
}

milliseconds journey::longest_wait() {
    milliseconds longest{0};
    for (auto& each : all_)
        longest = std::max(longest, std::exchange(each.wait, milliseconds(0)));
    return longest;
}

// One part has failed. Its error may say that nothing was executed, which is not so if others were.
void journey::end_in_failure() {
    std::exception_ptr first;
    bool something_ran = false;
    for (const auto& each : all_) {
        if (each.failure && !first)
            first = each.failure;
        something_ran |= (each.done || each.may_have_run) && !all_read(each);
    }
    const auto code = code_of(first);
    if (!something_ran || may_have_been_executed(code))
        std::rethrow_exception(first);
    throw error(code == asio::error::operation_aborted ? code : errc::lost,
                "a part of it may have been executed, another failed: " + infra::describe(first));
}

} // namespace infra::redis::detail
