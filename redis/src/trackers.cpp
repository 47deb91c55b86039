#include "trackers.hpp"

#include "attempt.hpp"

#include <infra/base/error.hpp>

#include <utility>

namespace infra::redis::detail {

trackers::trackers(const std::vector<std::shared_ptr<lane>>& lanes, std::shared_ptr<common> shared)
    : home_(lanes.front()), lanes_(lanes.begin(), lanes.end()), common_(std::move(shared)) {}

std::shared_ptr<tracker> trackers::open(track_request wanted, std::weak_ptr<change_listener> to) {
    const auto home = home_.lock();
    const std::scoped_lock lock(mutex_);
    if (closed_ || !home)
        throw error(infra::errc::closed, "the Redis client was stopped");
    common_->connect.keep_together(); // where values are read has to be where changes are told
    const auto made =
        std::make_shared<tracker>(home->get_executor(), common_, std::move(wanted), std::move(to), call_away());
    std::erase_if(all_, [](const auto& each) { return each.expired(); });
    all_.push_back(made);
    home->post([made] { made->begin(); });
    return made;
}

tracker::call_away_fn trackers::call_away() const {
    return [lanes = lanes_](const address& but) {
        for (const auto& each : lanes)
            if (const auto there = each.lock(); there && there->used())
                there->post([raw = there.get(), but] { raw->line().leave_if_elsewhere(but); });
    };
}

std::vector<std::shared_ptr<tracker>> trackers::all() const {
    std::vector<std::shared_ptr<tracker>> out;
    const std::scoped_lock lock(mutex_);
    for (const auto& each : all_)
        if (auto at = each.lock())
            out.push_back(std::move(at));
    return out;
}

void trackers::on_each(const std::function<void(tracker&)>& what) {
    if (const auto home = home_.lock())
        for (const auto& each : all())
            home->post([each, what] { what(*each); });
}

void trackers::hear_of(const address& at, presence::change what) {
    on_each([at, what](tracker& each) { each.hear_of(at, what); });
}

void trackers::leave_unless_at(const address& there) {
    on_each([there](tracker& each) { each.leave_unless_at(there); });
}

void trackers::look() {
    for (const auto& each : all())
        each->look();
}

void trackers::close() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
    }
    attempt([this] { on_each([](tracker& each) { each.close(); }); });
}

} // namespace infra::redis::detail
