#include "hub_state.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {
namespace {

constexpr std::size_t most_obeyed = 10'000;
constexpr std::chrono::hours disconnections_remembered{2}; // longer than anybody says one

const std::shared_ptr<const identity>& no_identity() {
    static const auto one = std::make_shared<const identity>();
    return one;
}

// Of shutdown, the reason says when to come back: not all at once.
std::string reason_for(close_code code) {
    return code == close_code::shutdown ? std::to_string(random_u64() % 2'000) : "the hub has gone";
}

} // namespace

hub_state::hub_state(hub_options o, lane_bounds bounds)
    : options(checked(std::move(o))),
      requests(options.limits.max_pending_requests),
      rooms(options.channels, options.limits.max_channels),
      counts(options.name),
      time_(options.time ? options.time : &real_clock()),
      keys_(options.limits.max_idempotency_keys),
      obeyed_(most_obeyed, disconnections_remembered),
      bounds_(bounds),
      on_(options.on),
      gate_(on_ ? loop_gate::of(*on_) : nullptr) {
    if (options.broker)
        others = std::make_unique<broker_side>(*this, options.broker);
}

// Nobody is left who could publish or subscribe, but loops may still be delivering: their lanes outlive the hub for so long.
hub_state::~hub_state() {
    close_all(close_code::going_away);
    living->over.set();
}

void hub_state::close_all(close_code code) {
    for (const auto& each : clients.all())
        close(each, code, reason_for(code));
}

executor hub_state::work_executor() {
    const std::scoped_lock lock(mutex_);
    if (!on_) {
        on_ = default_executor();
        gate_ = loop_gate::of(*on_);
    }
    return *on_;
}

executor hub_state::executor_of(const client& who) {
    const auto group = who.socket->group();
    return group ? group->get_executor() : work_executor();
}

void hub_state::run_on_loop_of(const client& who, std::function<void()> what) {
    if (who.on->has_group())
        return who.on->run_later(std::move(what));
    const auto on = work_executor();
    gate_->pass([&] { asio::post(on, std::move(what)); }); // constant once there is an executor
}

// --- clients ---

std::shared_ptr<lane> hub_state::lane_of(const std::shared_ptr<connection_group>& group) {
    const std::scoped_lock lock(mutex_);
    if (!group) {
        if (!ungrouped_)
            ungrouped_ = std::make_shared<lane>(weak_from_this(), nullptr, bounds_);
        return ungrouped_;
    }
    std::erase_if(lanes_, [](const auto& each) { return each.second.expired(); });
    auto found = lanes_[group.get()].lock();
    if (!found || found->group() != group) { // another group was at this address
        found = std::make_shared<lane>(weak_from_this(), group, bounds_);
        lanes_[group.get()] = found;
    }
    return found;
}

std::optional<close_code> hub_state::admit(const std::shared_ptr<client>& who) {
    if (living->stopping.is_set())
        return close_code::service_restart;
    who->on = lane_of(who->socket->group());
    who->since = time_->wall();
    who->has_session = who->session != nullptr;
    if (!who->who)
        who->who = no_identity();
    while (true) {
        const auto refused = clients.add(who, options.limits);
        if (!refused) {
            counts.client_came();
            tell_connected(*who);
            if (living->stopping.is_set()) // since it was asked for, and all others may have been closed by now
                close(who, close_code::shutdown, reason_for(close_code::shutdown));
            return {};
        }
        if (refused != close_code::replaced)
            return refused;
        if (const auto old = clients.find(who->id))
            close(old, close_code::replaced, "another connection has this client's id");
    }
}

bool hub_state::remove(const std::shared_ptr<client>& who, close_code code) { return take_out(who, code, {}); }

bool hub_state::close(const std::shared_ptr<client>& who, close_code code, std::string_view reason) {
    return take_out(who, code, std::string(reason));
}

bool hub_state::take_out(const std::shared_ptr<client>& who, close_code code, std::optional<std::string> reason) {
    auto leavings = clients.remove(who);
    if (!leavings)
        return false;
    counts.client_left();
    for (const auto& each : leavings->channels)
        each->of->detach(each, now());
    who->on->post(farewell{who, std::move(leavings->session), code, std::move(reason)});
    for (const auto& each : leavings->channels)
        left(*each->of, *who);
    who->on->wake();
    requests.client_gone(who->id);
    tell_disconnected(*who, code);
    return true;
}

// A session tells in its client's turn. The executor is asked for only where somebody listens, since it may start the default loops.
void hub_state::tell_connected(const client& who) {
    if (!who.has_session && !handlers.now()->connected.empty())
        run_on_loop_of(who, telling(handlers.now()->connected, who.id, close_code::normal, executor_of(who)));
}

void hub_state::tell_disconnected(const client& who, close_code code) {
    if (!who.has_session && !handlers.now()->disconnected.empty())
        run_on_loop_of(who, telling(handlers.now()->disconnected, who.id, code, executor_of(who)));
}

void hub_state::send(const std::shared_ptr<client>& to, frame what, bool here) {
    to_clients item{{to}, std::move(what)};
    if (item.what.facts().control)
        to->on->post(std::move(item));
    else if (!to->on->offer(std::move(item))) {
        counts.inbox_full(1);
        close(to, close_code::lost_place, "its loop does not keep up");
        return;
    }
    here ? to->on->drain_here() : to->on->wake();
}

void hub_state::broadcast(frame what) {
    std::vector<std::pair<std::shared_ptr<lane>, std::vector<std::shared_ptr<client>>>> by_lane;
    for (auto& each : clients.all()) {
        if (!identity_of(*each)->proved) // a stranger, until it says who it is
            continue;
        auto found = std::ranges::find(by_lane, each->on, [](const auto& one) { return one.first; });
        if (found == by_lane.end())
            found = by_lane.insert(by_lane.end(), {each->on, {}});
        found->second.push_back(std::move(each));
    }
    for (auto& [on, to] : by_lane) {
        const auto sent = on->offer(to_clients{to, what});
        if (!sent)
            counts.inbox_full(1);
        for (const auto& each : sent ? std::vector<std::shared_ptr<client>>() : to)
            close(each, close_code::lost_place, "its loop does not keep up");
        on->wake();
    }
}

std::shared_ptr<const identity> hub_state::identity_of(const client& who) const {
    return clients.with(who, [&who] { return who.who; });
}

bool hub_state::set_identity(const std::shared_ptr<client>& who, identity is) {
    return clients.set_identity(who, std::move(is), options.limits.max_clients_per_user);
}

client_info hub_state::info_of(const client& who) const {
    client_info info{.id = who.id,
                     .remote_address = who.address,
                     .transport = std::string(who.transport),
                     .queued_bytes = who.socket->queued_bytes(),
                     .dropped = who.socket->dropped(),
                     .since = who.since};
    clients.with(who, [&] {
        info.user = who.who->user;
        for (const auto& each : who.channels)
            info.channels.push_back(each->of->name());
    });
    return info;
}

// --- what lanes say ---

void hub_state::send_failed(const std::shared_ptr<client>& whose, std::exception_ptr why) noexcept {
    counts.send_failed();
    telemetry::log(level::warn, "realtime", "a connection threw, and its client was removed",
                   {{"hub", options.name}, {"client", whose->id}, {"error", describe(why)}});
    remove(whose, close_code::internal_error);
}

void hub_state::delivered(std::size_t frames) noexcept { counts.delivered(frames); }

void hub_state::found_full(std::uint64_t messages) noexcept {
    counts.inbox_full(messages);
    telemetry::log(level::warn, "realtime", "a loop did not keep up with what its clients are to be told",
                   {{"hub", options.name}, {"messages", messages}});
}

} // namespace infra::realtime::detail
