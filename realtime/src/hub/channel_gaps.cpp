// What was not heard: where it lay, and who is told of it.

#include "channel.hpp"

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {

void channel::gap(std::uint64_t dropped, const position& now, lanes_to_wake& wake) {
    const std::scoped_lock lock(mutex_);
    if (dead_ || is_behind(now))
        return;
    if (is_lost_ && now.offset > 0)
        step_to({now.epoch, now.offset - 1}, wake);
    tell_gap(dropped, now, wake);
}

void channel::say_alone() {
    const std::scoped_lock lock(mutex_);
    if (history_ && size_ > 0)
        ++said_alone_;
}

void channel::own_gap(std::uint64_t said_here, const position& at, lanes_to_wake& wake) {
    const std::scoped_lock lock(mutex_);
    if (dead_ || !history_)
        return;
    const auto heard = std::min(said_alone_, said_here);
    said_alone_ -= heard;
    if (is_behind(at))
        return;
    step_to({at.epoch, at.offset - 1}, wake);
    if (heard < said_here)
        tell_gap(said_here - heard, at, wake);
    move_to(at);
}

// What the broker remembered has brought it already.
bool channel::is_behind(const position& at) const {
    return history_ && at.offset > 0 && at.offset <= last_ && at.epoch == facts_->epoch;
}

// What comes next comes behind `at`. Nothing should lie between; if it does, who is here is told.
void channel::step_to(const position& at, lanes_to_wake& wake) {
    const bool is_counted = !std::exchange(is_lost_, false) && at.epoch == facts_->epoch;
    if (size_ > 0 && (!is_counted || at.offset > last_))
        tell_gap(is_counted ? at.offset - last_ : 0, at, wake);
    move_to(at);
}

void channel::tell_gap(std::uint64_t dropped, const position& now, lanes_to_wake& wake) {
    json::object data{{"dropped", dropped}};
    if (!now.epoch.empty()) { // otherwise of messages that no history has
        data["offset"] = now.offset;
        if (now.epoch != facts_->epoch)
            data["epoch"] = now.epoch;
        move_to(now);
    }
    facts_->dropped.add(dropped * size_);
    for (auto& each : parts_) // what is lost from here on is behind this
        each.losing.reset();
    tell_all(gap_frame(std::move(data)), {}, wake);
}

// Heard since the question was asked: what lies behind the answer, and perhaps its end once more. Who is here has yet to hear what it
// has not heard of it.
void channel::remember(const missed& from_broker, steady_time now, lanes_to_wake& wake) {
    const std::scoped_lock lock(mutex_);
    auto at = from_broker.now;
    if (!history_ || dead_ || at.epoch.empty() || (!facts_->epoch.empty() && facts_->epoch != at.epoch))
        return;
    if (last_ > at.offset && !history_->reaches_back_to(at.offset))
        return; // something lies between
    if (is_lost_)
        step_to(at, wake);
    if (size_ > 0 && facts_->epoch == at.epoch)
        at.offset = std::min(at.offset, last_);
    auto heard = history_->take();
    std::erase_if(heard, [&at](const auto& each) { return each.offset <= at.offset; });
    is_warm_ = true;
    set_epoch(at.epoch);
    last_ = std::max(last_, at.offset);
    const auto is_first = !from_broker.messages.empty() && from_broker.messages.front().at.offset <= at.offset;
    history_->begin_after(is_first ? from_broker.messages.front().at.offset - 1 : at.offset);
    for (const auto& each : from_broker.messages) {
        if (each.at.offset > at.offset)
            break;
        auto sent = each.what;
        sent.channel = name_;
        auto what = make_outgoing(sent);
        what.key = each.key;
        what.is_gap = sent.type == "gap";
        history_->append(encode(what, each.at.offset), each.at.offset, now - each.age, each.ttl, each.except);
    }
    history_->restore(std::move(heard));
    is_whole_ = true;
}

bool channel::knows_its_place() const {
    const std::scoped_lock lock(mutex_);
    return !history_ || is_warm_;
}

// A message that was on its way may come yet, and would be taken for where the channel is.
void channel::forget() {
    const std::scoped_lock lock(mutex_);
    if (size_ > 0)
        return;
    is_warm_ = is_lost_ = false;
    said_alone_ = 0;
    move_to({});
}

// What was remembered is of no use where something lies between it and what comes.
void channel::move_to(const position& at) {
    if (at.epoch == facts_->epoch && at.offset == last_)
        return;
    set_epoch(at.epoch);
    last_ = at.offset;
    if (!history_)
        return;
    is_whole_ = false;
    history_->clear();
    history_->begin_after(at.offset);
}

void channel::set_epoch(const std::string& epoch) {
    if (epoch == facts_->epoch)
        return;
    if (epoch != confirmed_.epoch)
        confirmed_ = {};
    auto facts = *facts_;
    facts.epoch = epoch;
    facts_ = std::make_shared<const channel_facts>(std::move(facts));
}

} // namespace infra::realtime::detail
