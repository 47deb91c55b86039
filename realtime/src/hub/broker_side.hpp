#pragma once

#include "life.hpp"

#include <infra/realtime/broker.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace infra::realtime::detail {

class hub_state;

/// Tells a broker which channels are heard on this node. A channel is wanted before somebody is let in, and until the last one has left: what is
/// remembered of it has no hole.
///
/// Threads: any.
class broker_side {
public:
    broker_side(hub_state& of, std::shared_ptr<broker> with) : of_(of), with_(std::move(with)) {}

    /// While one lives, the channel stays wanted.
    class hold {
    public:
        hold(std::weak_ptr<hub_state> of, std::string channel) : of_(std::move(of)), channel_(std::move(channel)) {}
        hold(hold&& other) noexcept : of_(std::exchange(other.of_, {})), channel_(std::move(other.channel_)) {}
        hold& operator=(hold other) noexcept {
            std::swap(of_, other.of_);
            std::swap(channel_, other.channel_);
            return *this;
        }
        ~hold();

    private:
        std::weak_ptr<hub_state> of_;
        std::string channel_;
    };
    hold keep(std::string_view channel);
    /// Wants it no longer if nobody hears or holds it; what was remembered of it is forgotten.
    void let_go(std::string_view channel);

    /// Whether the channel knows where it is, and what it remembers.
    bool is_warm(std::string_view channel) const;
    /// Returns once it does, or the broker has said that it cannot be known now (which goes to the log). Those who wait for one channel wait for
    /// one answer.
    static awaitable<hold> warm(std::shared_ptr<hub_state> of, std::string channel);

    const std::shared_ptr<broker>& with() const noexcept { return with_; }

private:
    void drop(std::string_view channel);
    static awaitable<void> fetch(std::weak_ptr<hub_state> of, std::string channel);

    hub_state& of_;
    const std::shared_ptr<broker> with_;
    std::mutex mutex_;                       // taken before those of channels; the broker only queues under it
    std::unordered_set<std::string> wanted_; // guarded by mutex_
    std::unordered_map<std::string, std::size_t> holds_;               // guarded by mutex_
    std::unordered_map<std::string, std::shared_ptr<event>> fetching_; // guarded by mutex_
};

/// What a broker speaks to; it may outlive the hub, and then does nothing.
std::unique_ptr<broker_listener> make_listener(std::weak_ptr<hub_state> of);

} // namespace infra::realtime::detail
