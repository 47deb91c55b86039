#include "channel.hpp"

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {
namespace {

bool is_latest_only(const history_options& history) noexcept { return history.size == 1; }

message read_message(std::string_view text) {
    auto read = json::parse(text, {.max_bytes = text.size(), .max_depth = 512});
    auto& members = read.value().get_object();
    message m{.type = std::string(members.at("type").get_string()),
              .channel = std::string(members.at("channel").get_string())};
    if (auto* const data = members.if_contains("data"))
        m.data = std::move(*data);
    return m;
}

} // namespace

// The offset is known only under the channel's lock, where nothing should be encoded. It goes between what stands before and behind it.
outgoing make_outgoing(const message& m) {
    return {.text = to_text(m), .offset_at = to_text(message{.type = m.type, .channel = m.channel}).size() - 1};
}

void wake(const lanes_to_wake& lanes) {
    for (const auto& each : lanes)
        each->wake();
}

channel::channel(channel_facts facts, std::uint64_t number, steady_time now)
    : name_(facts.name),
      number_(number),
      facts_(std::make_shared<const channel_facts>(std::move(facts))),
      used_at_(now),
      is_warm_(!facts_->epoch.empty()) {
    if (facts_->options.history.size > 0)
        history_ = std::make_unique<history_ring>(facts_->options.history);
}

// --- what is said ---

std::optional<publication> channel::publish(const outgoing& what, steady_time now, lanes_to_wake& wake,
                                            const std::optional<position>& at) {
    const std::scoped_lock lock(mutex_);
    if (dead_)
        return {};
    const bool is_kept = history_ && (!at || at->offset > 0);
    if (is_kept && at) {
        if (at->epoch == facts_->epoch && at->offset <= last_)
            return publication{.subscribers = size_, .at = *at}; // its history brought it already
        step_to({at->epoch, at->offset - 1}, wake);
    }
    const auto made = encode(what, is_kept ? ++last_ : 0);
    if (is_kept)
        history_->append(made, last_, now, what.ttl, what.except_id);
    ++published_;
    used_at_ = now;
    deliver(made, what.except, wake);
    return publication{.subscribers = size_, .at = is_kept ? place() : position{}};
}

// What was remembered is of no use where something lies between it and what comes.
void channel::move_to(const position& at) {
    if (at.epoch == facts_->epoch && at.offset == last_)
        return;
    set_epoch(at.epoch);
    last_ = at.offset;
    if (!history_)
        return;
    history_->clear();
    history_->begin_after(at.offset);
}

void channel::set_epoch(const std::string& epoch) {
    if (epoch == facts_->epoch)
        return;
    auto facts = *facts_;
    facts.epoch = epoch;
    facts_ = std::make_shared<const channel_facts>(std::move(facts));
}

frame channel::encode(const outgoing& what, std::uint64_t offset) const {
    frame_facts facts{.channel = facts_, .offset = offset, .key = what.key, .control = what.is_gap};
    if (offset == 0)
        return {what.text, std::move(facts)};
    const std::string_view text = what.text;
    std::string placed;
    placed.reserve(text.size() + 32);
    placed.append(text.substr(0, what.offset_at)).append(",\"offset\":").append(std::to_string(offset));
    return {placed.append(text.substr(what.offset_at)), std::move(facts)};
}

void channel::deliver(const frame& what, const std::shared_ptr<const client>& except, lanes_to_wake& wake) {
    for (auto& each : parts_) {
        if (each.on->offer(delivery{each.who, what, except}))
            each.losing.reset();
        else
            lose(each, what);
        wake.push_back(each.on);
    }
}

// The notice takes the place of the first one lost, and then speaks for all until something goes in again.
void channel::lose(part& on, const frame& what) {
    const auto offset = what.facts().offset;
    const bool is_first = !on.losing;
    if (is_first) {
        on.losing = std::make_shared<loss>();
        on.losing->first = offset;
    }
    on.losing->last = offset;
    ++on.losing->count;
    if (is_first)
        on.on->post(lost_deliveries{on.who, shared_from_this(), on.losing});
}

std::vector<std::pair<frame, std::string>> channel::make_up_for(const loss& what, std::size_t listeners) {
    const std::scoped_lock lock(mutex_);
    for (auto& each : parts_) // what is lost from here on needs a notice of its own
        if (each.losing.get() == &what)
            each.losing.reset();
    std::vector<std::pair<frame, std::string>> made;
    if (history_ && what.first > 0 && history_->reaches_back_to(what.first - 1)) {
        for (const auto* const each : history_->after(what.first - 1, steady_time::min()))
            if (each->offset <= what.last)
                made.emplace_back(each->what, each->except);
    } else {
        facts_->dropped.add(what.count * listeners);
        json::object data{{"dropped", what.count.load()}};
        if (what.last > 0)
            data["offset"] = what.last.load();
        made.emplace_back(gap_frame(std::move(data)), std::string());
    }
    return made;
}

frame channel::gap_frame(json::object data) const {
    return make_frame({.type = "gap", .channel = name_, .data = std::move(data)}, {.channel = facts_, .control = true});
}

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
        history_->append(encode(what, each.at.offset), each.at.offset, now, each.ttl, each.except);
    }
    history_->restore(std::move(heard));
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

// --- who hears it ---

std::optional<attached> channel::attach(const std::shared_ptr<subscription>& who, const std::optional<position>& since,
                                        const subscribe_answer& answer, std::size_t max_recovered, steady_time now) {
    const std::scoped_lock lock(mutex_);
    if (dead_)
        return {};
    if (history_)
        history_->expire(now); // so that it says how far it reaches back
    is_lost_ =
        is_lost_ ||
        (history_ && !is_warm_); // what was on its way when it was forgotten may have left it at a place long passed
    std::vector<frame> first(answer ? 1 : 0);
    auto found = recover(since, who->who->id, max_recovered, now, first);
    if (answer)
        first.front() = answer(found.now, found.recovered, *facts_);
    auto& part = part_of(who->who->on);
    part.on->post(arrival{part.who, who, std::move(first)});
    part.losing.reset(); // of what is lost from here on, who has come now is to be told too
    ++part.size;
    who->previous = newest_;
    (newest_ ? newest_->next : first_) = who.get();
    newest_ = who.get();
    ++size_;
    used_at_ = now;
    return found;
}

channel::part& channel::part_of(const std::shared_ptr<lane>& on) {
    const auto found = std::ranges::find(parts_, on, &part::on);
    if (found != parts_.end())
        return *found;
    return parts_.emplace_back(part{.on = on, .who = std::make_shared<audience>()});
}

void channel::detach(const std::shared_ptr<subscription>& who, steady_time now) {
    const std::scoped_lock lock(mutex_);
    (who->previous ? who->previous->next : first_) = who->next;
    (who->next ? who->next->previous : newest_) = who->previous;
    --size_;
    used_at_ = now;
    const auto part = std::ranges::find(parts_, who->who->on, &part::on);
    part->on->post(departure{part->who, who});
    if (--part->size == 0)
        parts_.erase(part);
}

attached channel::answer(const std::shared_ptr<client>& who, const std::optional<position>& since,
                         const subscribe_answer& answer) {
    const std::scoped_lock lock(mutex_);
    attached found{.now = place()};
    if (since)
        found.recovered = true;
    if (answer)
        who->on->post(to_clients{{who}, answer(found.now, found.recovered, *facts_)});
    return found;
}

void channel::tell(const frame& what, const std::vector<std::shared_ptr<client>>& except, lanes_to_wake& wake) {
    const std::scoped_lock lock(mutex_);
    tell_all(what, except, wake);
}

void channel::tell_all(const frame& what, const std::vector<std::shared_ptr<client>>& except, lanes_to_wake& wake) {
    for (const auto& each : parts_) {
        each.on->post(announcement{each.who, what, except});
        wake.push_back(each.on);
    }
}

bool channel::knows(const position& since) const noexcept {
    return is_warm_ && since.epoch == facts_->epoch && since.offset <= last_ && history_->reaches_back_to(since.offset);
}

// All that was missed, or nothing and the word that it cannot be had.
attached channel::recover(const std::optional<position>& since, std::string_view whose, std::size_t max_recovered,
                          steady_time now, std::vector<frame>& into) const {
    attached found{.now = place()};
    if (!since)
        return found;
    found.recovered = false;
    if (!history_ || !is_warm_ || said_alone_ > 0)
        return found;
    const bool is_latest = is_latest_only(facts_->options.history);
    const bool is_same = since->epoch == facts_->epoch && since->offset <= last_;
    const auto entries = history_->after(is_same ? since->offset : 0, now, whose);
    found.recovered = is_latest ? is_same || !entries.empty() : knows(*since) && entries.size() <= max_recovered;
    if (!*found.recovered)
        return found;
    for (const auto* const each : entries)
        into.push_back(each->what);
    found.missed = entries.size();
    return found;
}

// --- what is known of it ---

missed channel::read(const std::optional<position>& from, std::size_t limit, steady_time now) {
    std::vector<std::pair<frame, std::string>> frames; // parsed when nobody waits for the lock
    missed found;
    {
        const std::scoped_lock lock(mutex_);
        found.now = place();
        if (!history_)
            return found;
        history_->expire(now);
        auto entries = history_->after(from && from->epoch == facts_->epoch ? from->offset : 0, now);
        found.complete = from ? knows(*from) && entries.size() <= limit : true;
        if (!from && entries.size() > limit)
            entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(limit));
        if (found.complete)
            for (const auto* const each : entries)
                frames.emplace_back(each->what, each->except);
    }
    for (const auto& [what, except] : frames)
        found.messages.push_back({.what = read_message(what.text()),
                                  .at = {found.now.epoch, what.facts().offset},
                                  .key = what.facts().key,
                                  .except = except});
    return found;
}

position channel::place() const {
    if (!history_)
        return {};
    return {facts_->epoch, last_};
}

std::vector<client_id> channel::subscribers() const {
    const std::scoped_lock lock(mutex_);
    std::vector<client_id> ids;
    ids.reserve(size_);
    for (const auto* each = first_; each; each = each->next)
        ids.push_back(each->who->id);
    return ids;
}

channel_info channel::info(steady_time now) {
    const std::scoped_lock lock(mutex_);
    if (history_)
        history_->expire(now);
    return {.name = facts_->name,
            .subscribers = size_,
            .at = place(),
            .history_messages = history_ ? history_->size() : 0,
            .history_bytes = history_ ? history_->bytes() : 0,
            .published = published_,
            .dropped = facts_->dropped.value()};
}

std::shared_ptr<const channel_facts> channel::facts() const {
    const std::scoped_lock lock(mutex_);
    return facts_;
}

std::size_t channel::size() const {
    const std::scoped_lock lock(mutex_);
    return size_;
}

bool channel::expire(steady_time now) {
    const std::scoped_lock lock(mutex_);
    if (history_)
        history_->expire(now);
    if (size_ == 0 && (!history_ || saturating_add(used_at_, facts_->options.history.age) <= now))
        dead_ = true;
    return dead_;
}

} // namespace infra::realtime::detail
