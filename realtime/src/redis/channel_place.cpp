#include "channel_place.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

constexpr std::size_t most_kept_meanwhile = 64;

std::vector<event> as_list(std::optional<event> what) {
    std::vector<event> out;
    if (what)
        out.push_back(std::move(*what));
    return out;
}

} // namespace

std::vector<event> channel_place::hear(item i) {
    if (!has_history_ || i.at.offset == 0)
        return as_list(std::move(i.what));
    if (is_reading_ && meanwhile_.size() < most_kept_meanwhile)
        meanwhile_.push_back(std::move(i));
    else if (is_reading_)
        was_too_much_ = true;
    if (wants_ || is_reading_)
        return {};
    if (known_->epoch == i.at.epoch && i.at.offset <= known_->offset)
        return {};
    if (known_->epoch != i.at.epoch || i.at.offset != known_->offset + 1) {
        wants_ = true;
        return {};
    }
    known_ = std::move(i.at);
    return as_list(std::move(i.what));
}

std::vector<event> channel_place::doubt() {
    wants_ = true;
    if (has_history_)
        return {};
    return as_list(gap{});
}

void channel_place::compare(const position& now) {
    if (known_ && is_behind(now))
        wants_ = true;
}

bool channel_place::is_behind(const position& at) const {
    return known_->epoch != at.epoch || known_->offset != at.offset;
}

std::optional<position> channel_place::begin_reading() {
    wants_ = false;
    is_reading_ = true;
    meanwhile_.clear();
    was_too_much_ = false;
    return known_;
}

void channel_place::reading_failed() {
    is_reading_ = false;
    wants_ = true;
}

// An epoch that is not ours: nobody knows what was in the one before when it ended.
std::vector<event> channel_place::read(reading r) {
    is_reading_ = false;
    std::vector<event> out;
    const position end{r.now.epoch, r.read_to.value_or(r.now.offset)};
    if (!known_)
        known_ = end;
    if (known_->epoch != r.now.epoch) {
        const auto first = r.items.empty() ? end.offset + 1 : r.items.front().at.offset;
        known_ = position{r.now.epoch, first - 1};
        out.push_back(gap{0, *known_});
    }
    for (auto& each : r.items) {
        if (each.at.offset <= known_->offset)
            continue;
        step_to({r.now.epoch, each.at.offset - 1}, out);
        known_->offset = each.at.offset;
        if (each.what)
            out.push_back(std::move(*each.what));
    }
    step_to(end, out);
    wants_ = wants_ || end.offset < r.now.offset || was_too_much_;
    for (auto& each : std::exchange(meanwhile_, {}))
        std::ranges::move(hear(std::move(each)), std::back_inserter(out));
    return out;
}

void channel_place::step_to(const position& at, std::vector<event>& out) {
    if (at.offset <= known_->offset)
        return;
    out.push_back(gap{at.offset - known_->offset, at});
    known_ = at;
}

} // namespace infra::realtime::over_redis
