#include "state.hpp"

#include <utility>

namespace infra::realtime {
namespace {

constexpr std::size_t max_control_bytes = 64 * 1024;

} // namespace

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
        state_->append(only_, only_bytes_, detail::entry::kind::message);
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
    const auto cost = detail::cost_of(f, encoded, options_.beside_each);
    if (facts.control) {
        if (s.answer_bytes > 0 && s.answer_bytes + cost > most)
            return verdict::close;
        s.append(f, encoded, detail::entry::kind::answer);
        return verdict::queued;
    }
    const auto policy = facts.channel ? facts.channel->options.on_overflow : overflow::close;
    const bool behind = policy == overflow::keep_latest && !s.leaving.rest.empty();
    if (!behind && s.fits(cost, most)) {
        s.append(f, encoded, detail::entry::kind::message);
        return verdict::queued;
    }
    if (policy == overflow::close)
        return verdict::close;
    const bool room = policy != overflow::drop_newest && s.make_room(f, cost, most);
    if (room)
        s.append(f, encoded, detail::entry::kind::message);
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
        return only_ ? detail::cost_of(only_, only_bytes_, options_.beside_each) : 0;
    return state_->waiting() + state_->control_bytes + state_->answer_bytes;
}

bool outbox::has_room_for(const frame& f, std::string_view encoded) const noexcept {
    return bytes() + detail::cost_of(f, encoded, options_.beside_each) <= options_.max_bytes;
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
    auto taken = next.is_gap() ? detail::notice_of(*next.missing) : next.of;
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
