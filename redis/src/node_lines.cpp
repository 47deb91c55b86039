#include "node_lines.hpp"

#include "supervisor.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace infra::redis::detail {
namespace {

// A node that takes over slots is no master in the map before it has its first one; connections to such are kept for a
// while after their last use.
constexpr auto guests_stay = std::chrono::seconds(10);
constexpr std::size_t max_lines = 2 * slot_map::max_masters;

} // namespace

node_lines::node_lines(executor ex, std::shared_ptr<common> shared)
    : executor_(std::move(ex)),
      common_(std::move(shared)),
      room_(
          std::make_shared<allowance>(common_->settings().max_queued_commands, common_->settings().max_queued_bytes)) {}

node_lines::~node_lines() = default;

topology& node_lines::cluster() const noexcept { return *common_->cluster; }

const slot_map* node_lines::map() {
    const auto newest = cluster().version();
    if (newest != version_) {
        version_ = newest;
        map_ = cluster().current();
    }
    return map_.get();
}

node_lines::line_ptr node_lines::line_to(address node) {
    if (closed_)
        throw error(infra::errc::closed, "the Redis client was stopped");
    auto found = lines_.find(node);
    if (found == lines_.end()) {
        if (lines_.size() == max_lines)
            throw error(infra::errc::overloaded, common_->server + ": it sends to more nodes than a cluster has");
        const auto made = std::make_shared<pipeline>(executor_, common_, pipeline_manners{.at = node});
        ++common_->shared_expected;
        keep_connected(made);
        found = lines_.emplace(node, line{.through = made}).first;
    }
    auto& l = found->second;
    l.is_master = l.is_master || (map() && map()->has_master(node));
    l.used = common_->time().steady();
    return l.through;
}

address node_lines::anybody() {
    const auto& masters = map()->masters();
    for (const auto& each : masters)
        if (const auto found = lines_.find(each); found != lines_.end() && found->second.through->attached())
            return each;
    return masters[next_++ % masters.size()];
}

void node_lines::apply_map() {
    if (!map())
        return;
    const auto now = common_->time().steady();
    std::erase_if(retired_, [](const line_ptr& each) { return each->closed(); });
    for (auto it = lines_.begin(); it != lines_.end();) {
        auto& l = it->second;
        const bool is_master = map()->has_master(*l.through->node());
        const bool stays = is_master || (!l.is_master && now - l.used < guests_stay);
        l.is_master = is_master;
        if (!stays)
            retire(l);
        it = stays ? std::next(it) : lines_.erase(it);
    }
}

void node_lines::retire(line& l) {
    --common_->shared_expected;
    retired_.push_back(l.through);
    l.through->retire();
}

// --- Calls under way -------------------------------------------------------------------------------------------------

// Refused not at once: whoever tries again in a loop would keep his own from turning.
awaitable<allowance::share> node_lines::room_for(std::span<const command> commands) const {
    auto room = allowance::take(room_, commands.size(), encoded_size(commands));
    if (room)
        co_return std::move(*room);
    co_await asio::post(asio::use_awaitable);
    throw error(infra::errc::overloaded,
                std::string(commands.front().name()) + " at " + common_->server +
                    ": the queue of commands is full (options::max_queued_commands, max_queued_bytes)");
}

void node_lines::tell_when_idle(promise<void> whom) {
    idle_.push_back(std::move(whom));
    tell_idle();
}

void node_lines::tell_idle() {
    if (calls_ > 0)
        return;
    for (const auto& each : std::exchange(idle_, {}))
        each.set_value();
}

awaitable<void> node_lines::pause(std::chrono::milliseconds time) {
    struct entry {
        std::map<std::uint64_t, promise<void>>& all;
        std::uint64_t key;
        ~entry() { all.erase(key); }
    };
    const promise<void> end(executor_);
    const entry mine{pauses_, next_pause_++};
    pauses_.emplace(mine.key, end);
    try {
        co_await with_deadline(end.get(), deadline::after(time, common_->time().steady()), common_->time());
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
}

void node_lines::close() {
    closed_ = true;
    for (auto& [node, l] : std::exchange(lines_, {})) {
        retired_.push_back(l.through);
        l.through->close();
    }
    for (const auto& each : retired_)
        each->close();
    for (const auto& [key, each] : pauses_)
        each.set_value();
}

} // namespace infra::redis::detail
