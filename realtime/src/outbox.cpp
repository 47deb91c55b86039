#include <infra/realtime/outbox.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <unordered_set>
#include <utility>

namespace infra::realtime {
namespace {

constexpr std::size_t max_control_bytes = 64 * 1024;

struct gap {
    std::shared_ptr<const channel_facts> channel;
    std::uint64_t dropped = 0;
    std::uint64_t offset = 0; // of the last one

    void add(std::uint64_t more, std::uint64_t last) noexcept {
        dropped += more;
        offset = std::max(offset, last);
    }
    // What its notice counts for, whatever the numbers in it will be.
    std::size_t size() const noexcept { return channel->name.size() + 96; }
};

frame notice_of(const gap& g) {
    message said{.type = "gap", .channel = g.channel->name, .data = {{"dropped", g.dropped}}};
    if (g.offset > 0)
        said.data.as_object().emplace("offset", g.offset);
    return frame(to_text(said), {.channel = g.channel, .offset = g.offset, .control = true});
}

struct entry {
    enum class kind : std::uint8_t { dead, message, answer, gap };

    frame of;               // of a gap: its notice, made when it is looked at
    std::string_view bytes; // what is sent of it
    const channel_facts* channel =
        nullptr; // of an answer too: what was dropped before a gap of the hub's is told of before it
    std::unique_ptr<gap> missing;
    kind what = kind::dead;

    bool is_message_of(const channel_facts* c) const noexcept { return what == kind::message && channel == c; }
    bool is_gap() const noexcept { return what == kind::gap; }
};
static_assert(sizeof(entry) * 8 / 5 + 208 <= kept_beside_each, "its part of it, and frame.cpp's");

bool is_part_of(std::string_view whole, std::string_view part) noexcept {
    const std::less_equal<> before;
    return before(whole.data(), part.data()) && before(part.data() + part.size(), whole.data() + whole.size());
}

// A compressed message keeps its text alive, which may be a hundred times as long.
std::size_t cost_of(const frame& f, std::string_view encoded, std::size_t beside) noexcept {
    return encoded.size() + beside + (is_part_of(f.websocket(), encoded) ? 0 : f.size());
}

} // namespace

// What waits, in the order of leaving: the rest of what has begun to leave, frames of the transport's own, the queue. Only the queue is
// ever reordered or dropped from, so nobody need ask whether a frame in it has begun.
struct outbox::state {
    struct {
        frame of;
        std::string own;
        std::string_view rest;
        std::size_t beside = 0;
    } leaving;
    std::unique_ptr<std::deque<std::string>> controls; // seldom any
    boost::container::small_vector<entry, 4> queue;
    std::size_t first = 0; // of the queue, not dead
    std::size_t dead = 0;
    std::size_t beside_each = 0;
    std::size_t message_bytes = 0; // these four as bytes() counts them
    std::size_t answer_bytes = 0;
    std::size_t control_bytes = 0;
    std::size_t gap_bytes = 0;
    std::uint64_t dropped = 0; // since the outbox has looked

    bool is_empty() const noexcept { return leaving.rest.empty() && !controls && first == queue.size(); }
    std::size_t waiting() const noexcept { return message_bytes + gap_bytes + leaving.rest.size() + leaving.beside; }
    bool fits(std::size_t cost, std::size_t most) const noexcept {
        return waiting() + cost <= most || (message_bytes == 0 && leaving.rest.empty());
    }
    std::size_t cost_of(const entry& e) const noexcept { return realtime::cost_of(e.of, e.bytes, beside_each); }
    std::size_t cost_of(const gap& g) const noexcept { return g.size() + beside_each; }

    void append(const frame& f, std::string_view bytes, entry::kind what);
    bool make_room(const frame& f, std::size_t cost, std::size_t most);
    bool could_free(const channel_facts* of, std::size_t bytes) const noexcept;
    void drop_those_of(const channel_facts* of, std::string_view key);
    void drop_all_but_the_last_of_each_key(const channel_facts* of);
    void drop(std::size_t at);
    void note_dropped(const std::shared_ptr<const channel_facts>& channel, std::uint64_t offset);

    std::unique_ptr<gap> take_gap_before(std::size_t at);
    gap* gap_behind(std::size_t at) noexcept;
    void bury(entry& e) noexcept;
    void tidy();

    std::size_t gather(std::span<std::string_view> into, std::string_view (*gap_as)(const frame&));
    std::size_t finish_leaving(std::size_t bytes) noexcept;
    std::size_t finish_control(std::size_t bytes);
    std::size_t finish_first(std::size_t bytes);
};

// --- Putting in ------------------------------------------------------------------------------------------------------

void outbox::state::append(const frame& f, std::string_view bytes, entry::kind what) {
    queue.push_back({.of = f, .bytes = bytes, .channel = f.facts().channel.get(), .missing = nullptr, .what = what});
    (what == entry::kind::message ? message_bytes : answer_bytes) += cost_of(queue.back());
}

// By what the channel wants, where the frame does not fit or (keep_latest) should not wait beside its like.
bool outbox::state::make_room(const frame& f, std::size_t cost, std::size_t most) {
    const auto* channel = f.facts().channel.get();
    if (channel->options.on_overflow == overflow::keep_latest) {
        drop_those_of(channel, f.facts().key);
        if (!fits(cost, most))
            drop_all_but_the_last_of_each_key(channel);
    }
    const auto for_the_gap = cost_of(gap{.channel = f.facts().channel});
    if (!fits(cost, most) && could_free(channel, waiting() + cost + for_the_gap - most))
        for (std::size_t i = first; i < queue.size() && !fits(cost, most); ++i)
            if (queue[i].is_message_of(channel))
                drop(i);
    tidy();
    return fits(cost, most);
}

bool outbox::state::could_free(const channel_facts* of, std::size_t bytes) const noexcept {
    std::size_t found = 0;
    for (std::size_t i = first; i < queue.size() && found < bytes; ++i)
        if (queue[i].is_message_of(of))
            found += cost_of(queue[i]);
    return found >= bytes;
}

void outbox::state::drop_those_of(const channel_facts* of, std::string_view key) {
    for (std::size_t i = first; i < queue.size(); ++i)
        if (queue[i].is_message_of(of) && queue[i].of.facts().key == key)
            drop(i);
}

void outbox::state::drop_all_but_the_last_of_each_key(const channel_facts* of) {
    std::unordered_set<std::string_view> later;
    for (std::size_t i = queue.size(); i-- > first;)
        if (queue[i].is_message_of(of) && !later.insert(queue[i].of.facts().key).second)
            drop(i);
}

// --- Letting go, and telling so --------------------------------------------------------------------------------------

// A gap takes the message's place; one that is next to it in the channel's order becomes one with it.
void outbox::state::drop(std::size_t at) {
    auto missing = take_gap_before(at);
    entry& gone = queue[at];
    const auto& facts = gone.of.facts();
    if (!missing)
        missing = std::make_unique<gap>(gap{.channel = facts.channel});
    missing->add(1, facts.offset);
    facts.channel->dropped.add();
    ++dropped;
    message_bytes -= cost_of(gone);
    if (auto* next = gap_behind(at)) {
        next->add(missing->dropped, missing->offset);
        return bury(gone);
    }
    gap_bytes += cost_of(*missing);
    gone.what = entry::kind::gap;
    gone.missing = std::move(missing);
    gone.of = {};
    gone.bytes = {};
}

// Of a message that does not go in: behind all that waits of its channel.
void outbox::state::note_dropped(const std::shared_ptr<const channel_facts>& channel, std::uint64_t offset) {
    channel->dropped.add();
    ++dropped;
    for (std::size_t i = queue.size(); i-- > first;) {
        if (queue[i].channel != channel.get())
            continue;
        if (!queue[i].is_gap())
            break;
        queue[i].of = {};
        return queue[i].missing->add(1, offset);
    }
    auto missing = std::make_unique<gap>(gap{.channel = channel, .dropped = 1, .offset = offset});
    gap_bytes += cost_of(*missing);
    queue.push_back(
        {.of = {}, .bytes = {}, .channel = channel.get(), .missing = std::move(missing), .what = entry::kind::gap});
}

std::unique_ptr<gap> outbox::state::take_gap_before(std::size_t at) {
    for (std::size_t i = at; i-- > first;) {
        if (queue[i].channel != queue[at].channel)
            continue;
        if (!queue[i].is_gap())
            break;
        gap_bytes -= cost_of(*queue[i].missing);
        auto taken = std::move(queue[i].missing);
        bury(queue[i]);
        return taken;
    }
    return nullptr;
}

gap* outbox::state::gap_behind(std::size_t at) noexcept {
    for (std::size_t i = at + 1; i < queue.size(); ++i) {
        if (queue[i].channel != queue[at].channel)
            continue;
        if (!queue[i].is_gap())
            break;
        queue[i].of = {};
        return queue[i].missing.get();
    }
    return nullptr;
}

void outbox::state::bury(entry& e) noexcept {
    e = entry{};
    ++dead;
}

// The dead go when they are at the front, or more than the living.
void outbox::state::tidy() {
    while (first < queue.size() && queue[first].what == entry::kind::dead) {
        ++first;
        --dead;
    }
    if (first == queue.size()) {
        queue.clear();
        first = 0;
    } else if (first + dead > 32 && first + dead > queue.size() / 2) {
        queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(first));
        const auto living =
            std::remove_if(queue.begin(), queue.end(), [](const entry& e) { return e.what == entry::kind::dead; });
        queue.erase(living, queue.end());
        first = dead = 0;
    }
}

// --- Taking out ------------------------------------------------------------------------------------------------------

std::size_t outbox::state::gather(std::span<std::string_view> into, std::string_view (*gap_as)(const frame&)) {
    std::size_t taken = 0;
    const auto take = [&](std::string_view piece) { into[taken++] = piece; };
    if (!leaving.rest.empty() && taken < into.size())
        take(leaving.rest);
    if (controls)
        for (std::size_t i = 0; i < controls->size() && taken < into.size(); ++i)
            take((*controls)[i]);
    for (std::size_t i = first; i < queue.size() && taken < into.size(); ++i) {
        auto& each = queue[i];
        if (each.is_gap() && !each.of) {
            each.of = notice_of(*each.missing);
            each.bytes = gap_as ? gap_as(each.of) : each.of.websocket();
        }
        if (each.what != entry::kind::dead)
            take(each.bytes);
    }
    return taken;
}

// Each of these takes what was written off one piece, and says what is left to take off the next.
std::size_t outbox::state::finish_leaving(std::size_t bytes) noexcept {
    const auto taken = std::min(bytes, leaving.rest.size());
    leaving.rest.remove_prefix(taken);
    if (leaving.rest.empty()) {
        leaving.of = {};
        leaving.own = {};
        leaving.beside = 0;
    }
    return bytes - taken;
}

std::size_t outbox::state::finish_control(std::size_t bytes) {
    auto& front = controls->front();
    const auto size = front.size();
    control_bytes -= size;
    if (bytes < size) {
        leaving.own = std::move(front);
        leaving.rest = std::string_view(leaving.own).substr(bytes);
    }
    controls->pop_front();
    if (controls->empty())
        controls.reset();
    return bytes - std::min(bytes, size);
}

std::size_t outbox::state::finish_first(std::size_t bytes) {
    entry gone = std::move(queue[first]);
    queue[first] = {};
    ++dead;
    if (gone.is_gap())
        gap_bytes -= cost_of(*gone.missing);
    else
        (gone.what == entry::kind::message ? message_bytes : answer_bytes) -= cost_of(gone);
    const auto taken = std::min(bytes, gone.bytes.size());
    if (taken < gone.bytes.size()) {
        leaving.rest = gone.bytes.substr(taken);
        leaving.beside = cost_of(gone) - gone.bytes.size();
        leaving.of = std::move(gone.of);
    }
    tidy();
    return bytes - taken;
}

// --- outbox ----------------------------------------------------------------------------------------------------------

outbox::outbox(outbox_options options) noexcept : options_(options) {}
outbox::~outbox() = default;
outbox::outbox(outbox&&) noexcept = default;
outbox& outbox::operator=(outbox&&) noexcept = default;

outbox::state& outbox::waiting() {
    if (!state_) {
        state_ = std::make_unique<state>();
        state_->beside_each = options_.beside_each;
    }
    if (only_) {
        state_->append(only_, only_bytes_, entry::kind::message);
        only_ = {};
    }
    return *state_;
}

outbox::verdict outbox::push(const frame& f, std::string_view encoded) {
    if (!empty() || f.facts().control)
        return push_into(waiting(), f, encoded);
    only_ = f;
    only_bytes_ = encoded;
    return verdict::queued;
}

outbox::verdict outbox::push_into(state& s, const frame& f, std::string_view encoded) {
    const auto& facts = f.facts();
    const auto most = options_.max_bytes;
    const auto cost = cost_of(f, encoded, options_.beside_each);
    if (facts.control) {
        if (s.answer_bytes > 0 && s.answer_bytes + cost > most)
            return verdict::close;
        s.append(f, encoded, entry::kind::answer);
        return verdict::queued;
    }
    const auto policy = facts.channel ? facts.channel->options.on_overflow : overflow::close;
    const bool behind = policy == overflow::keep_latest && !s.leaving.rest.empty();
    if (!behind && s.fits(cost, most)) {
        s.append(f, encoded, entry::kind::message);
        return verdict::queued;
    }
    if (policy == overflow::close)
        return verdict::close;
    const bool room = policy != overflow::drop_newest && s.make_room(f, cost, most);
    if (room)
        s.append(f, encoded, entry::kind::message);
    else
        s.note_dropped(facts.channel, facts.offset);
    dropped_ += std::exchange(s.dropped, 0);
    return room ? verdict::queued : verdict::dropped;
}

outbox::verdict outbox::push_control(std::string bytes) {
    auto& s = waiting();
    if (s.control_bytes > 0 && s.control_bytes + bytes.size() > max_control_bytes)
        return verdict::close;
    if (!s.controls)
        s.controls = std::make_unique<std::deque<std::string>>();
    s.control_bytes += bytes.size();
    s.controls->push_back(std::move(bytes));
    return verdict::queued;
}

void outbox::push_last(std::string bytes) {
    auto& s = waiting();
    s.queue.clear();
    s.first = s.dead = 0;
    s.message_bytes = s.answer_bytes = s.gap_bytes = 0;
    push_control(std::move(bytes));
}

std::size_t outbox::bytes() const noexcept {
    if (!state_)
        return only_ ? cost_of(only_, only_bytes_, options_.beside_each) : 0;
    return state_->waiting() + state_->control_bytes + state_->answer_bytes;
}

bool outbox::has_room_for(const frame& f, std::string_view encoded) const noexcept {
    return bytes() + cost_of(f, encoded, options_.beside_each) <= options_.max_bytes;
}

std::size_t outbox::control_bytes() const noexcept { return state_ ? state_->control_bytes : 0; }

std::size_t outbox::gather(std::span<std::string_view> into) {
    if (state_)
        return state_->gather(into, options_.gap_as);
    if (!only_ || into.empty())
        return 0;
    into.front() = only_bytes_;
    return 1;
}

frame outbox::take() {
    if (!state_)
        return std::exchange(only_, {});
    auto& s = *state_;
    s.tidy();
    auto& next = s.queue[s.first];
    auto taken = next.is_gap() ? notice_of(*next.missing) : next.of;
    s.finish_first(next.bytes.size());
    if (s.is_empty())
        state_.reset();
    return taken;
}

void outbox::written(std::size_t bytes) {
    if (only_ && bytes == only_bytes_.size()) {
        only_ = {};
        return;
    }
    if (empty() || bytes == 0)
        return;
    auto& s = waiting();
    bytes = s.finish_leaving(bytes);
    while (bytes > 0 && s.controls)
        bytes = s.finish_control(bytes);
    while (bytes > 0 && s.first < s.queue.size())
        bytes = s.finish_first(bytes);
    if (s.is_empty())
        state_.reset();
}

} // namespace infra::realtime
