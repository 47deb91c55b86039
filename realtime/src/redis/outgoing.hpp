#pragma once

// What this node has to say, in order, until the server has it.

#include "bell.hpp"
#include "ground.hpp"
#include "pace.hpp"

#include <infra/runtime/promise.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::realtime::over_redis {

struct parcel {
    std::string channel{};
    envelope what{};
    std::string text{};           ///< instead of `what`: our own word about a gap
    std::uint64_t stands_for = 1; ///< messages: those of the gap
    std::uint64_t number = 0;     ///< of this node, growing; 0 until it is sent for the first time
    std::optional<promise<placed>> told{};
};

/// Without a history a message that was on its way when the link broke may have come or not; it is not sent again. Instead all
/// nodes are told that something may be missing. With one it is sent again, and the server knows it by its number.
///
/// Threads: push() and owe() from any; the rest on the loop.
class outgoing {
public:
    explicit outgoing(ground& on) : on_(on) {}

    /// False when there is no room, or no link.
    bool push(parcel p);
    /// Said here alone, or perhaps not even here: the nodes (`everywhere`: this one too) are to know.
    void owe(const std::string& channel, bool everywhere, std::uint64_t messages = 1);
    /// Whether what is said in the channel may still be owed. What has been taken already is owed in any case.
    bool may_owe(const std::string& channel) const;

    void begin(const executor& ex) { bell_.begin(ex); }
    awaitable<void> send();
    void link_is_up() { bell_.ring(); }
    /// Nothing more is taken; send() ends once all has left, or at close().
    void finish();
    void close() { bell_.close(); }
    /// What is on its way is among it: it may have to be sent again.
    std::size_t size() const;

private:
    std::vector<parcel> take();
    void take_debts(std::vector<parcel>& into);
    void put_back(std::vector<parcel> parcels); ///< of those taken
    void all_have_left();                       ///< which were taken and not put back
    awaitable<bool> send_some();
    redis::batch batch_of(std::vector<parcel>& parcels);
    redis::command command_for(const parcel& p) const;
    void settle(std::vector<parcel>& parcels, const std::vector<redis::reply>& replies);
    void settle(parcel& p, const redis::reply& r);
    void failed(std::vector<parcel> parcels, const boost::system::system_error& why);
    void say_here(parcel& p, const std::string& why);

    ground& on_;
    bell bell_;
    pace pace_{128, 128}; // messages
    mutable std::mutex mutex_;
    std::deque<parcel> waiting_;                                  // guarded by mutex_
    std::map<std::pair<std::string, bool>, std::uint64_t> debts_; // guarded by mutex_
    std::size_t taken_ = 0;                                       // guarded by mutex_: by send_some()
    std::uint64_t last_number_ = 0;                               // guarded by mutex_
    bool finishing_ = false;                                      // guarded by mutex_
};

} // namespace infra::realtime::over_redis
