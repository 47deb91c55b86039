#pragma once

// Shard channels in a cluster: each is heard at the node that has its slot, and followed there when that moves.

#include "ear.hpp"
#include "shard_places.hpp"
#include "subscriptions.hpp"
#include "topology.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace infra::redis::detail {

class subscription_state;

/// All on its executor. A connection to each node at which somebody listens.
class shard_listeners : public std::enable_shared_from_this<shard_listeners> {
public:
    shard_listeners(executor ex, std::shared_ptr<common> shared)
        : executor_(std::move(ex)), common_(std::move(shared)) {}

    /// Returns once the nodes have confirmed all of it.
    static awaitable<void> subscribe(std::shared_ptr<shard_listeners> self, std::shared_ptr<subscription_state> who,
                                     std::vector<interest> to, deadline limit);
    void unsubscribe(std::uint64_t id);
    void unsubscribe(std::uint64_t id, const std::vector<interest>& from);

    /// Slots may have moved.
    void map_changed();
    void close();

private:
    using ear_ptr = std::shared_ptr<ear>;

    void forget(const std::vector<interest>& unheard);
    ear_ptr ear_at(const address& node);
    ear_events events_of(const address& node);
    void throw_if_closed() const;
    awaitable<bool> place(address node, std::vector<interest> what, deadline limit);
    awaitable<bool> place_again(address node, std::vector<interest> what);
    awaitable<bool> place_all_again();
    bool take_up(const shard_places::question& asked, const address& node, const std::vector<reply>& replies);
    void confirmed(const shard_places::question& asked, const address& node, const interest& what);
    void heard(const interest& through, const message& m);
    void tell_resumed(const interest& what);
    bool is_settled() const;
    void begin_to_settle();
    awaitable<void> settle();
    void close_unused();

    const executor executor_;
    const std::shared_ptr<common> common_;
    subscriptions all_;
    std::map<std::uint64_t, std::weak_ptr<subscription_state>> listeners_;
    shard_places places_;
    std::unordered_map<address, ear_ptr, address_hash> ears_;
    asio::cancellation_signal stop_;
    bool settling_ = false;
    bool closed_ = false;
};

} // namespace infra::redis::detail
