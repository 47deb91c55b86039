#include "presence.hpp"

#include <iterator>
#include <utility>

namespace infra::realtime::detail {
namespace {

std::vector<presence_change> as_list(std::optional<presence_change> change) {
    std::vector<presence_change> out;
    if (change)
        out.push_back(std::move(*change));
    return out;
}

} // namespace

void presence_table::add(std::string_view channel, std::string_view user, const client_id& client, json::value info) {
    std::unique_lock lock(mutex_);
    auto change = all_.add(channel, user, client, std::move(info), time_.wall());
    note(as_list(std::move(change)), std::move(lock));
}

void presence_table::remove(std::string_view channel, const client_id& client) {
    std::unique_lock lock(mutex_);
    auto change = all_.remove(channel, client, time_.steady());
    note(as_list(std::move(change)), std::move(lock));
}

void presence_table::expire() {
    std::unique_lock lock(mutex_);
    auto gone = all_.expire(time_.steady());
    note(std::move(gone), std::move(lock));
}

// Two threads that told what they changed themselves could tell a leave before its join.
void presence_table::note(std::vector<presence_change> changes, std::unique_lock<std::mutex> lock) {
    std::ranges::move(changes, std::back_inserter(told_));
    if (telling_)
        return;
    telling_ = true;
    while (!told_.empty()) {
        const auto now = std::exchange(told_, {});
        lock.unlock();
        for (const auto& each : now)
            tell_(each);
        lock.lock();
    }
    telling_ = false;
}

std::optional<steady_time> presence_table::next_expiry() const {
    const std::scoped_lock lock(mutex_);
    return all_.next_expiry();
}

std::vector<member> presence_table::snapshot(std::string_view channel) const {
    const std::scoped_lock lock(mutex_);
    return all_.snapshot(channel);
}

presence_stats presence_table::count(std::string_view channel) const {
    const std::scoped_lock lock(mutex_);
    return all_.count(channel);
}

} // namespace infra::realtime::detail
