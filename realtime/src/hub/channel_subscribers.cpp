#include "channel.hpp"

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {
namespace {

bool is_latest_only(const history_options& history) noexcept { return history.size == 1; }

} // namespace

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

} // namespace infra::realtime::detail
