#pragma once

#include "client.hpp"

#include <infra/realtime/connection.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace infra::realtime::detail {

/// The subscribers of one channel on one lane. The lane's thread alone touches it, and so needs no lock to walk it.
struct audience {
    struct seat {
        connection* to = nullptr;
        std::shared_ptr<subscription> whose{}; // keeps `to`
    };
    std::vector<seat> seats{};
};

/// Messages that found no room in an inbox, one behind the other.
struct loss {
    std::atomic<std::uint64_t> count{0};
    std::atomic<std::uint64_t> first{0}; ///< offsets; 0 where the channel keeps no history
    std::atomic<std::uint64_t> last{0};
};

/// What a lane is told, in order.
struct delivery {
    std::shared_ptr<audience> to{};
    frame what{};
    std::shared_ptr<const client> except{};
};
struct arrival {
    std::shared_ptr<audience> to{};
    std::shared_ptr<subscription> who{};
    std::vector<frame> first{}; ///< its answer, and what it has missed
};
struct departure {
    std::shared_ptr<audience> to{};
    std::shared_ptr<subscription> who{};
};
struct announcement {
    std::shared_ptr<audience> to{};
    frame what{};
    std::vector<std::shared_ptr<client>> except{};
};
struct lost_deliveries {
    std::shared_ptr<audience> to{};
    std::shared_ptr<channel> of{};
    std::shared_ptr<loss> what{};
};
struct to_clients {
    std::vector<std::shared_ptr<client>> to{};
    frame what{};
};
struct farewell {
    std::shared_ptr<client> to{};
    std::shared_ptr<client_watcher> session{};
    close_code code{};
    std::optional<std::string> reason{}; ///< empty: it has closed already
};
using lane_item = std::variant<delivery, announcement, arrival, departure, lost_deliveries, to_clients, farewell>;

/// Deliveries that may wait for one lane; what comes then is dropped, and made up for when there is room (lost_deliveries).
struct lane_bounds {
    std::size_t items = 65'536;
    std::size_t bytes = 64 * 1024 * 1024;
    std::size_t slice_bytes = 64 * 1024; ///< of messages handed out in one turn of the loop
};

/// Told by lanes, on their threads and under no lock.
class lane_owner {
public:
    virtual ~lane_owner() = default;
    virtual void send_failed(const std::shared_ptr<client>& whose, std::exception_ptr why) noexcept = 0;
    virtual void delivered(std::size_t frames) noexcept = 0;
    virtual void found_full(std::uint64_t messages) noexcept = 0; ///< of channels; the inbox
};

/// What came of one batch.
struct lane_report {
    std::size_t sent = 0;
    std::uint64_t found_full = 0;
    std::vector<std::pair<std::shared_ptr<client>, std::exception_ptr>> failed{};
};

/// The way to the connections of one group, or to all that have none. A group's lane works on its executor, one wake-up for whatever lies
/// in the inbox; a long burst is handed out in slices, so that sockets are written to in between and queues do not fill. Without a group, whoever wakes it does the work, unless somebody is at it, who then does it all.
///
/// Threads:  post() from any, also under a channel's lock: it calls nobody. wake() from any, under no lock.
class lane : public std::enable_shared_from_this<lane> {
public:
    lane(std::weak_ptr<lane_owner> owner, const std::shared_ptr<connection_group>& group, lane_bounds bounds);

    /// Always goes in. The caller then calls wake().
    void post(lane_item item);
    /// False when there is no room.
    template <class Item> // delivery, to_clients
    bool offer(Item item);
    void wake();

    /// On the lane's thread, called by a session: what was posted before has been sent when this returns, unless it was called by what
    /// the lane is doing, or is behind a long burst. The group is flushed in a turn of its own, not below its caller.
    void drain_here();

    /// On a group's loop, some time later; not at all where it ends before.
    void run_later(std::function<void()> what) const;

    std::shared_ptr<connection_group> group() const noexcept { return group_.lock(); }
    bool has_group() const noexcept { return grouped_; }

private:
    bool has_room(std::size_t bytes) const noexcept;
    struct turn_to_come;
    void abandon() noexcept;
    bool claim();
    void schedule();
    void turn();
    void combine();
    bool rest();
    void take();
    void work(std::size_t max_bytes) noexcept;
    void finish_batch() noexcept;
    void report(lane_report& done) noexcept;

    const std::weak_ptr<lane_owner> owner_;
    const std::weak_ptr<connection_group> group_;
    const bool grouped_;
    const std::optional<executor> on_;
    const std::shared_ptr<loop_gate> gate_;
    const lane_bounds bounds_;

    std::mutex mutex_;
    std::vector<lane_item> inbox_;  // guarded by mutex_
    std::size_t waiting_ = 0;       // guarded by mutex_: deliveries in the inbox and in the batch
    std::size_t waiting_bytes_ = 0; // guarded by mutex_
    bool scheduled_ = false;        // guarded by mutex_: a turn has been posted, or somebody combines
    bool gone_ = false;             // guarded by mutex_: the loop has; what is said goes nowhere
    // The lane's thread.
    std::vector<lane_item> batch_;
    std::size_t next_ = 0; // of batch_, to be done
    std::size_t batch_waiting_ = 0;
    std::size_t batch_bytes_ = 0;
    bool working_ = false;
};

} // namespace infra::realtime::detail
