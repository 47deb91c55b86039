#pragma once

// How others see who takes jobs here: idle connections that bear names. One says that the process lives; the others, one for
// each queue and worker's name, are what BullMQ's getWorkers looks for. A hash, `bull~workers`, has the rest.

#include "inbox.hpp"
#include "roll.hpp"

#include <infra/redis.hpp>
#include <infra/runtime/mailbox.hpp>
#include <infra/runtime/promise.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::queue::redis_backend {

class store;
using shared_store = std::shared_ptr<store>;

/// Threads:  any member from any thread. What it does it does on the store's loop.
/// Errors:   none: who cannot be seen works all the same.
/// Lifetime: the store's; between the first enter() and close() it keeps that.
class presence {
public:
    explicit presence(const home& at) : at_(at), asked_(at.ex) {}

    /// Returns once others can see that this worker takes jobs of these queues.
    awaitable<void> enter(shared_store s, std::string worker, std::string name, std::vector<std::string> queues,
                          wall_time now);
    awaitable<void> leave(shared_store s, std::string worker);
    /// Returns once others know of all that came and left before.
    awaitable<void> told(shared_store s);

    void close() noexcept { asked_.close(); }
    /// Returns once its connections are closed.
    awaitable<void> stopped();

private:
    struct change {
        std::string worker; ///< that has come or gone, the roll says which; or nobody
        promise<void> seen;
    };
    using changes = std::vector<change>;

    awaitable<void> tell_others(shared_store s, std::string worker);
    void begin(const shared_store& s);
    awaitable<void> attend(shared_store s);
    awaitable<changes> next_changes(const store& s);
    awaitable<void> be_seen(shared_store s, changes news);
    awaitable<void> be_seen_to_live(shared_store s);
    awaitable<void> write_roll(shared_store s, changes news);
    awaitable<void> bear_names(shared_store s);
    awaitable<void> bear_name(shared_store s, std::string name, std::string queue);
    awaitable<void> tell_which_are_ours(shared_store s);
    std::map<std::string, std::string> names_to_bear(const store& s) const;

    const home& at_;
    const mailbox<change> asked_;

    mutable std::mutex mutex_;
    roll roll_;                          // guarded by mutex_
    bool begun_ = false;                 // guarded by mutex_
    bool ended_ = false;                 // guarded by mutex_
    std::vector<promise<void>> waiting_; // guarded by mutex_; for the end

    // On the loop alone:
    redis::session life_;
    bool others_know_all_ = false; ///< what was on the roll when it was last written
    struct shown_connection {
        redis::session own;
        std::int64_t id = 0; ///< the server's number for it
    };
    std::map<std::string, shown_connection> shown_; ///< by the names they bear
};

/// The hash of all that are there.
std::string key_of_workers(const store& s);

} // namespace infra::queue::redis_backend
