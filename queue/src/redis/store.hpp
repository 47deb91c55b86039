#pragma once

// What all verbs share: the client, the names of keys, the lines to the server, and what is bounded.

#include "inbox.hpp"
#include "keys.hpp"
#include "known_queues.hpp"

#include <infra/base/clock.hpp>
#include <infra/queue/redis.hpp>
#include <infra/redis.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace infra::queue::redis_backend {

// Of connections that wait for others' writes:
inline constexpr std::chrono::milliseconds pause_after_loss{200};
inline constexpr std::chrono::milliseconds poke_lasts{60'000}; // should nobody be there to hear it

class held_jobs;
class presence;
struct slot_lines;

/// Threads: any member from any thread. The lines do their work on the client's first loop.
class store : public std::enable_shared_from_this<store> {
public:
    /// Without loops it does its work on one that all of the process share which have none.
    store(redis_queue_options options, std::vector<executor> loops, clock& time);
    ~store();

    const redis_queue_options& options() const noexcept { return options_; }
    const redis::client& redis() const noexcept { return client_; }
    clock& time() const noexcept { return time_; }
    const std::string& server() const noexcept { return server_; } ///< for messages

    /// Names this process, as no other is: for the keys that are its own.
    const std::string& process() const noexcept { return process_; }
    /// Nobody else can guess it. BullMQ takes `0` for none.
    std::string next_token();

    known_queues& known() noexcept { return known_; }

    queue_keys keys(std::string_view queue) const { return {options_.prefix, queue}; }

    /// The reply of a command that may be sent again; throws what the server says against it, and errc::unavailable where
    /// it is not there.
    awaitable<redis::reply> ask(redis::command c) const;
    awaitable<std::vector<redis::reply>> ask(redis::batch all) const;
    /// The same for what was asked for before close().
    awaitable<redis::reply> carry_out(redis::command c) const;
    awaitable<std::vector<redis::reply>> carry_out(redis::batch all) const;
    /// All of it or nothing.
    awaitable<std::vector<redis::reply>> carry_out_as_one(redis::batch all) const;
    /// A connection of its own to where a queue is.
    awaitable<redis::session> lease_for(std::string queue) const;
    /// The same without those of others in between.
    awaitable<std::vector<redis::reply>> ask_at_once(redis::batch all) const;

    /// Those of a queue. Throws errc::invalid_input where nothing could be stored under its name.
    slot_lines& lines_of(std::string_view queue);
    std::vector<slot_lines*> all_lines();
    held_jobs& held() noexcept { return *held_; }
    presence& here() noexcept { return *presence_; }

    /// Takes no more, and lets nobody wait for work.
    void close() noexcept;
    /// Throws infra::errc::closed after close().
    void check_open() const;

    deadline limit() const;

private:
    void begin();

    const redis_queue_options options_;
    clock& time_;
    const std::string server_;
    const std::string process_;
    const std::vector<executor> loops_;
    const home home_;
    const redis::client client_;
    const std::unique_ptr<held_jobs> held_;
    const std::unique_ptr<presence> presence_;
    std::atomic<std::uint64_t> tokens_{0};
    known_queues known_;
    std::atomic<bool> closed_{false};

    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<slot_lines>, std::less<>> lines_; // guarded by mutex_; none is ever taken out
};

/// What a verb throws instead of an error of the Redis room.
[[noreturn]] void throw_as_queue_error(const error& e);
/// Where the server answered with an error.
void throw_if_refused(const redis::reply& answer);

} // namespace infra::queue::redis_backend
