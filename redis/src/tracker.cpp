#include "tracker.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace infra::redis::detail {
namespace {

constexpr auto before_the_first_map = std::chrono::seconds(1);

using nodes = std::unordered_set<address, address_hash>;

// Every master, and every node that a call was sent on to: one that takes over a slot is no master before it has its first.
nodes where_values_are_read(const common& c) {
    nodes out;
    for (const auto& each : c.present.places())
        out.insert(each);
    if (const auto map = c.cluster->current())
        for (const auto& each : map->masters())
            out.insert(each);
    return out;
}

} // namespace

// --- One -------------------------------------------------------------------------------------------------------------

tracker::tracker(executor ex, std::shared_ptr<common> shared, track_request wanted, std::weak_ptr<change_listener> to,
                 call_away_fn call_away)
    : executor_(std::move(ex)),
      common_(std::move(shared)),
      wanted_(std::move(wanted)),
      to_(std::move(to)),
      call_away_(std::move(call_away)) {}

void tracker::begin() {
    if (closed_)
        return;
    begun_ = true;
    if (common_->cluster)
        asio::co_spawn(executor_, ask_for_maps(),
                       asio::bind_cancellation_slot(stop_.slot(), [self = shared_from_this()](std::exception_ptr) {}));
    else
        lines_[{}] = open({});
    look();
}

void tracker::close() {
    closed_ = true;
    stop_.emit(asio::cancellation_type::terminal);
    for (const auto& [node, each] : std::exchange(lines_, {}))
        each->close();
    set_listening(false);
}

tracker::line_ptr tracker::open(std::optional<address> at) {
    const auto with_self = [weak = weak_from_this()](auto what) {
        if (const auto self = weak.lock(); self && !self->closed_)
            what(*self);
    };
    const auto made = std::make_shared<tracking_line>(
        executor_, common_, wanted_.prefixes,
        tracking_events{
            .on_hearing = [with_self] { with_self([](tracker& self) { self.hearing_changed(); }); },
            .on_change =
                [with_self](const invalidation& what) { with_self([&](tracker& self) { self.changed(what); }); }},
        std::move(at));
    made->begin();
    return made;
}

// Where everything lies in copies nobody is asked for them, and nobody says who has come to have slots.
awaitable<void> tracker::ask_for_maps() {
    const auto self = shared_from_this();
    while (true) {
        common_->cluster->refresh();
        const bool known = common_->cluster->current() != nullptr;
        co_await common_->time().sleep_for(known ? common_->settings().ping_every : before_the_first_map);
    }
}

// --- When all is heard ----------------------------------------------------------------------------------------------

// In a cluster. True: one that told of changes is there no more, and whatever was read there may change unheard.
bool tracker::go_where_values_are_read() {
    const auto there = where_values_are_read(*common_);
    bool missed = false;
    for (auto it = lines_.begin(); it != lines_.end();) {
        const bool stays = there.contains(it->first);
        if (!stays)
            it->second->close();
        missed |= !stays;
        it = stays ? std::next(it) : lines_.erase(it);
    }
    for (const auto& each : there)
        if (!lines_.contains(each))
            lines_.emplace(each, open(each));
    return missed;
}

// Without one, at one server. Each that leaves has us look again.
void tracker::call_together() {
    const auto& line = lines_.begin()->second;
    const auto* const here = line->hears() ? line->peer() : nullptr;
    if (here && std::ranges::any_of(common_->present.places(), [&](const address& each) { return each != *here; }))
        call_away_(*here);
}

bool tracker::hears_all() const {
    if (lines_.empty() || !std::ranges::all_of(lines_, [](const auto& each) { return each.second->hears(); }))
        return false;
    if (common_->cluster)
        return true;
    const auto& here = *lines_.begin()->second->peer();
    return std::ranges::all_of(common_->present.places(), [&](const address& each) { return each == here; });
}

void tracker::hearing_changed() {
    if (!common_->cluster)
        call_together();
    look();
}

void tracker::look() {
    if (closed_ || !begun_)
        return;
    if (common_->cluster ? go_where_values_are_read() : false)
        set_listening(false);
    set_listening(hears_all());
}

void tracker::hear_of(const address& at, presence::change what) {
    if (what != presence::change::went)
        follow(at, what == presence::change::came_again);
    look();
}

// The latest to look for the server is the likeliest to be right. Where nobody says which server that is, as a sentinel or a
// cluster does, one address may stand for another server by now: what tells comes the way of what is read.
void tracker::follow(const address& at, bool again) {
    const auto places = common_->present.places();
    if (std::ranges::find(places, at) == places.end()) // it has gone meanwhile
        return;
    const auto found = lines_.find(common_->cluster ? at : address());
    if (found == lines_.end())
        return; // look() sees to it
    const auto line = found->second;
    if (const auto* const here = line->peer(); here && *here != at)
        line->connect_anew("values are read at " + to_string(at) + " now");
    else if (again && !common_->cluster && !common_->settings().sentinel)
        line->connect_anew("values are read over a new connection");
    else if (again)
        line->doubt();
}

void tracker::leave_unless_at(const address& there) {
    for (const auto& [node, each] : lines_)
        each->leave_unless_at(there);
}

void tracker::set_listening(bool listens) {
    if (std::exchange(listening_, listens) == listens)
        return;
    const auto to = to_.lock();
    if (to && listens)
        to->listening();
    else if (to)
        to->deaf();
}

void tracker::changed(const invalidation& what) {
    const auto to = listening_ ? to_.lock() : nullptr; // who was told that we are deaf keeps nothing that could change
    if (!to)
        return;
    if (what.all)
        to->all_changed();
    else
        to->changed(what.keys);
}

tracker_handle::~tracker_handle() {
    if (const auto home = home_.lock())
        home->post([at = std::move(of_)] { at->close(); });
}

} // namespace infra::redis::detail
