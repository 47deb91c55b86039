#pragma once

// One loop's connections to the nodes of a cluster.

#include "allowance.hpp"
#include "pipeline.hpp"
#include "topology.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace infra::redis::detail {

/// Made on demand, one a node, kept while the node is a master. One that is none any more is retired: what waits there
/// is sent elsewhere, what is on its way comes back.
///
/// Threads:  its executor's only, the constructor apart.
class node_lines {
public:
    node_lines(executor ex, std::shared_ptr<common> shared);
    ~node_lines();

    using line_ptr = std::shared_ptr<pipeline>;

    topology& cluster() const noexcept;
    const std::shared_ptr<common>& shared() const noexcept { return common_; }

    /// The newest map; null as long as there is none.
    const slot_map* map();

    /// Throws infra::error, errc::closed, after close(), and errc::overloaded where nodes send on to more nodes than
    /// there can be. By value: it reads the map anew, and one that `node` stood in may go with that.
    line_ptr line_to(address node);

    /// For what any node can answer: one that is connected, if there is one.
    address anybody();

    /// Retires what the newest map has no use for.
    void apply_map();

    // --- Calls under way ---
    class call;

    /// For calls that wait outside of the connections: for the map, for each other, for the cluster to mend. Throws
    /// errc::overloaded. `commands` stay with the caller.
    awaitable<allowance::share> room_for(std::span<const command> commands) const;
    void tell_when_idle(promise<void> whom);

    /// Sleeps, but not beyond close().
    awaitable<void> pause(std::chrono::milliseconds time);

    void close();
    bool closed() const noexcept { return closed_; }

private:
    struct line {
        line_ptr through;
        bool is_master = false;
        steady_time used{};
    };

    void retire(line& l);
    void tell_idle();

    const executor executor_;
    const std::shared_ptr<common> common_;
    const std::shared_ptr<allowance> room_;
    std::unordered_map<address, line, address_hash> lines_;
    std::vector<line_ptr> retired_; // until they have ended
    topology::map_ptr map_;
    std::uint64_t version_ = 0; // of map_
    std::size_t next_ = 0;      // of the masters, for anybody()
    std::size_t calls_ = 0;
    std::vector<promise<void>> idle_;
    std::map<std::uint64_t, promise<void>> pauses_;
    std::uint64_t next_pause_ = 0;
    bool closed_ = false;
};

/// Lives as long as a call that is routed, in its coroutine.
class node_lines::call {
public:
    explicit call(std::shared_ptr<node_lines> of) : of_(std::move(of)) { ++of_->calls_; }
    ~call() {
        --of_->calls_;
        of_->tell_idle();
    }
    call(const call&) = delete;
    call& operator=(const call&) = delete;

private:
    const std::shared_ptr<node_lines> of_;
};

} // namespace infra::redis::detail
