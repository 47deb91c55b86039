#include "channel.hpp"

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {
namespace {

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

missed as_messages(const remembered& r) {
    missed out{.complete = r.complete, .now = r.now};
    for (const auto& [what, except] : r.messages)
        out.messages.push_back({.what = read_message(what.text()),
                                .at = {r.now.epoch, what.facts().offset},
                                .key = what.facts().key,
                                .except = except});
    return out;
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
        history_->append(made, last_, now - what.age, what.ttl, what.except_id);
    ++published_;
    used_at_ = now;
    deliver(made, what.except, wake);
    return publication{.subscribers = size_, .at = is_kept ? place() : position{}};
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

// --- what is known of it ---

remembered channel::read(const std::optional<position>& from, std::size_t limit, steady_time now) {
    const std::scoped_lock lock(mutex_);
    return read_now(from, limit, now);
}

std::optional<remembered> channel::read_for_broker(const std::optional<position>& from, std::size_t limit,
                                                   steady_time now) {
    const std::scoped_lock lock(mutex_);
    if (dead_ || !history_ || !is_warm_ || is_lost_ || said_alone_ > 0 || !has_heard(confirmed_) ||
        !knows_as_much(from, limit))
        return {};
    return read_now(from, limit, now);
}

// Whoever said it knows that it is there, and may be one of those who never hear it.
void channel::confirmed(const position& at) {
    const std::scoped_lock lock(mutex_);
    if (at.offset > 0 && (at.epoch != confirmed_.epoch || at.offset > confirmed_.offset))
        confirmed_ = at;
}

bool channel::has_heard(const position& at) const noexcept {
    return at.offset == 0 || (at.epoch == facts_->epoch && at.offset <= last_);
}

// A place that is not known here may be one that the broker has come to since.
bool channel::knows_as_much(const std::optional<position>& from, std::size_t limit) const noexcept {
    const bool is_whole = is_whole_ && !history_->dropped_for_bytes();
    if (!from)
        return is_whole || history_->size() >= limit;
    return from->epoch == facts_->epoch && from->offset <= last_ &&
           (is_whole || history_->reaches_back_to(from->offset));
}

remembered channel::read_now(const std::optional<position>& from, std::size_t limit, steady_time now) {
    remembered found{.now = place()};
    if (!history_)
        return found;
    history_->expire(now);
    auto entries = history_->after(from && from->epoch == facts_->epoch ? from->offset : 0, now);
    found.complete = from ? knows(*from) && entries.size() <= limit : true;
    if (!from && entries.size() > limit)
        entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(limit));
    if (found.complete)
        for (const auto* const each : entries)
            found.messages.push_back({each->what, each->except});
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

std::optional<steady_time> channel::idle_since() const {
    const std::scoped_lock lock(mutex_);
    return size_ == 0 ? std::optional(used_at_) : std::nullopt;
}

bool channel::end_if_idle_since(steady_time then) {
    const std::scoped_lock lock(mutex_);
    dead_ = dead_ || (size_ == 0 && used_at_ == then);
    return dead_;
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
