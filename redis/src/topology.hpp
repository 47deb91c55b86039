#pragma once

// What a client knows of its cluster, and how it comes to know more.

#include "complaints.hpp"
#include "connector.hpp"
#include "redirect.hpp"
#include "slot_map.hpp"

#include <infra/runtime/promise.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace infra::redis::detail {

class lane;

/// The slot map of all loops. It is asked for by the first call, and again when a node says that it is out of date or
/// cannot be reached: one question at a time, and no more than five a second however many calls want it.
///
/// Threads:  any.
class topology : public std::enable_shared_from_this<topology> {
public:
    using map_ptr = std::shared_ptr<const slot_map>;

    topology(connector& through, std::string name);

    /// Where it does its work, and whom it tells of every new map, on that loop. Once, before anything else.
    void work_on(const std::shared_ptr<lane>& home, std::function<void()> changed);

    /// Null as long as no node has answered.
    map_ptr current() const;
    std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }

    void refresh();
    void repoint(std::uint16_t slot, const address& to);

    /// What a node's reply to `asked` tells of the map. The redirection for whoever has to follow it.
    redirection heed(const reply& r, const address& from, const command& asked);

    /// Returns when there is a map. Throws infra::error: why there is none, if that will not mend itself,
    /// errc::not_connected by the deadline otherwise.
    awaitable<void> known(deadline limit);

    void close() noexcept;

private:
    void begin_to_work();
    void end_work();
    std::uint64_t wait_for_an_answer(promise<void> whom);
    void tell_waiting(std::exception_ptr failure); ///< mutex_ is held
    awaitable<void> work();
    awaitable<void> ask();
    bool take_wish();
    void set(map_ptr map);
    void failed(boost::system::error_code code, const std::string& why);
    std::vector<address> whom_to_ask() const;

    connector& through_;
    const std::string name_; ///< for messages
    const std::vector<address> seeds_;
    complaints troubles_;
    std::weak_ptr<lane> home_;
    std::function<void()> changed_;
    std::atomic<std::uint64_t> version_{0};
    mutable std::mutex mutex_;
    map_ptr map_;                                    // guarded by mutex_
    std::map<std::uint64_t, promise<void>> waiting_; // guarded by mutex_: for the end of the next question
    std::uint64_t next_waiting_ = 0;                 // guarded by mutex_
    std::string problem_;                            // guarded by mutex_: of the last question
    bool wished_ = false;                            // guarded by mutex_
    bool working_ = false;                           // guarded by mutex_
    bool closed_ = false;                            // guarded by mutex_
    asio::cancellation_signal stop_;                 // on the lane's loop only
};

/// Any master, for what all of them do alike.
class any_node final : public place {
public:
    explicit any_node(topology& of) : of_(of) {}
    awaitable<address> find(executor ex, deadline limit) override;

private:
    topology& of_;
};

} // namespace infra::redis::detail
