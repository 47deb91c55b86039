#include "own_connection.hpp"

#include "command_table.hpp"
#include "complaints.hpp"
#include "refusal.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace infra::redis::detail {
namespace {

bool is(const command& c, std::string_view name) {
    return std::ranges::equal(c.name(), name, [](char a, char b) { return (a & ~0x20) == b; });
}

} // namespace

own_connection::own_connection(executor ex, std::shared_ptr<common> shared, std::optional<address> at)
    : pipeline_(std::make_shared<pipeline>(
          std::move(ex), std::move(shared),
          pipeline_manners{.shared = false, .blocking = true, .reconnects = false, .at = std::move(at)})),
      gate_(loop_gate::of(pipeline_->get_executor())) {}

awaitable<void> own_connection::open(deadline limit) {
    const auto self = shared_from_this();
    try {
        pipeline_->attach(co_await pipeline_->open(limit));
        shared().count.connected(true);
    } catch (const error& e) {
        shared().count.connected(false);
        shared().note(e.what());
        if (const auto& cluster = shared().cluster)
            cluster->refresh(); // another may have taken its place
        throw error(e.code(), pipeline_->server() + ": " + e.what());
    }
}

awaitable<std::vector<reply>> own_connection::execute(std::shared_ptr<own_connection> self,
                                                      std::vector<command> commands, bool atomic, deadline limit) {
    struct fate {
        pipeline& of;
        bool well = false;
        ~fate() {
            if (!well)
                of.close();
        }
    };
    std::vector<reply> replies(commands.size());
    waiter w(*self->pipeline_, commands, replies, limit, self->shared().time().steady());
    w.atomic = atomic;
    fate end{*self->pipeline_};
    co_await w.done();
    w.throw_failure();
    end.well = true;
    self->look_whether_ready(commands, replies);
    if (const auto& cluster = self->shared().cluster)
        for (std::size_t i = 0; i < replies.size(); ++i)
            cluster->heed(replies[i], *self->node(), commands[i]);
    if (!atomic)
        self->remember(commands);
    else if (self->state_ == memory::watched)
        self->state_ = memory::clean;
    co_return replies;
}

// What changes a connection is taken by a server that loads as well.
void own_connection::look_whether_ready(std::span<const command> commands, std::span<const reply> replies) {
    for (std::size_t i = 0; i < replies.size(); ++i)
        if (is_not_ready(refusal_in(replies[i], commands[i])))
            ready_ = false;
        else if (lane_of(commands[i]) != lane_of_travel::own)
            ready_ = true;
}

awaitable<void> own_connection::until_ready(std::shared_ptr<own_connection> self, deadline limit) {
    auto& s = self->shared();
    for (int refusals = 1; !self->ready_; ++refusals) {
        const auto told = co_await self->ask(limit);
        if (self->ready_)
            co_return;
        const std::chrono::nanoseconds wait = delay_before_retry(s.settings().reconnect, refusals, random_01());
        co_await s.time().sleep_for(std::min(wait, limit.remaining(s.time().steady())));
        if (limit.passed(s.time().steady()))
            throw error(errc::not_connected, self->pipeline_->server() +
                                                 ": the server was not ready by the deadline (" +
                                                 std::string(in_brief(told.error_message())) + ")");
    }
}

// Who is refused a connection has not asked anything.
awaitable<reply> own_connection::ask(deadline limit) {
    try {
        std::vector<command> ping;
        ping.emplace_back("PING");
        auto told = co_await execute(shared_from_this(), std::move(ping), false, limit);
        co_return std::move(told.front());
    } catch (const error& e) {
        if (may_have_been_executed(e.code()) || e.code() == infra::errc::timed_out)
            throw error(errc::not_connected, e.what());
        throw;
    }
}

void own_connection::remember(std::span<const command> commands) {
    for (const auto& each : commands) {
        if (lane_of(each) != lane_of_travel::own || state_ == memory::changed)
            continue;
        const bool watches = is(each, "WATCH");
        state_ = watches ? memory::watched : is(each, "UNWATCH") ? memory::clean : memory::changed;
    }
}

void own_connection::rest(std::chrono::milliseconds idle, std::function<void()> over) {
    auto& time = shared().time();
    resting_ = std::make_unique<alarm>(get_executor(), time, std::move(over));
    resting_->set(saturating_add(time.steady(), idle));
}

} // namespace infra::redis::detail
