#pragma once

/// The seam: the core decides, the store remembers.
///
///     auto kept = infra::cache::make_memory_store({.max_bytes = 64 << 20});
///     co_await kept->set({{.key = "user:42", .value = "{}", .ttl = 10min}});
///     auto found = co_await kept->get({"user:42", "user:43"});        // one there, one empty
///
/// A store keeps bytes under keys until their time is over. What the bytes mean, which values belong together and when
/// they are loaded again is the core's business: it hands down finished keys, finished values and times to live. Of a value
/// a store knows one thing: whether it is sealed, so that it can leave alone what only the core can change.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/time.hpp>
#include <infra/cache/error.hpp>
#include <infra/cache/options.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache {

class flights;
namespace detail {
struct engine;
}

/// What a look without waiting tells.
enum class lookup {
    hit,
    miss,    ///< it is not in the store
    unknown, ///< it is not in this process; the store may have it
};

/// A value that begins with this byte is sealed: the core has written into it what the time to live does not say. No UTF-8
/// text begins so, and no JSON.
inline constexpr char sealed_mark = '\xC1';

struct new_entry {
    std::string key{};
    std::string value{};
    std::chrono::milliseconds ttl = forever; ///< positive
    bool only_if_absent = false;
};

/// What erase() found under a key.
struct erased {
    bool there = false;
    std::string sealed{}; ///< the bytes, if they were sealed: the core knows whether they were worth anything
};

enum class expire_outcome {
    absent,
    done,
    sealed, ///< left alone: the core reads it, and replaces it by one that says the new time
};

/// The right to store what a loader gives. A lease on a key goes to one process at a time, and is over with the next erase()
/// of the key, so that what was loaded before does not come back after it.
struct lease_request {
    std::string key{};
    std::string token{}; ///< of who asks; nobody else can guess it
    std::chrono::milliseconds ttl{
        60'000}; ///< then it ends, unless it is extended, so that a process that dies holds up nobody for long
};

struct lease_answer {
    bool granted = false; ///< false: another process holds it
    bool ends = false;    ///< with its time, unless it is extended
    std::optional<std::string>
        value{}; ///< what lies under the key, granted or not; from the store itself, not a copy nearby
};

/// A value in place of another, or of none, if that is still so.
struct replacement {
    new_entry entry{};                 ///< its only_if_absent is not looked at
    std::optional<std::string> seen{}; ///< what must lie there, byte for byte; empty: nothing must
    std::string token{};     ///< of a lease that must be held, and is over then, stored or not; empty: none need be
    bool keeps_time = false; ///< the time the old value has left, instead of entry.ttl
};

struct replace_outcome {
    bool done = false;
    std::optional<std::string> found{}; ///< if not: what lies there
    bool unanswered = false;            ///< nobody looked: the store is away, and goes on without
};

/// The version of something that can be made void at once: a namespace, all values of a tag. 0 until the first bump.
struct version_slot {
    std::atomic<std::uint64_t> value{0};
    std::atomic<bool> known{false}; ///< false: ask versions(), which fills it again
};

/// Whether a namespace lies in others, whose versions count for all that is in it.
enum class nesting : std::uint8_t { outermost, inner };

struct lock_request {
    std::string key{};
    std::string token{}; ///< of who asks; nobody else can guess it
    std::chrono::milliseconds ttl{30'000};
};

/// Takes a value where it lies. It is called under a lock of the store: it copies what it needs, keeps no view, and calls
/// nothing of the store.
class value_reader {
public:
    virtual void read(std::string_view value) = 0;

protected:
    ~value_reader() = default;
};

/// Takes a copy of all of it.
class string_reader final : public value_reader {
public:
    explicit string_reader(std::string& to) noexcept : to_(to) {}
    void read(std::string_view value) override { to_.assign(value); }

private:
    std::string& to_;
};

struct store_stats {
    std::size_t entries = 0;
    std::size_t bytes = 0; ///< what they cost, keys and bookkeeping included
    std::uint64_t evictions = 0;
    std::uint64_t expirations = 0;
};

/// Where values are kept.
///
/// Threads:  any member from any thread.
/// Errors:   infra::error: errc::unavailable and too_large of the cache, wrong_type of add(); infra::errc::overloaded when a
///           bound is reached; infra::errc::closed after stop(). A missing key is none.
/// Cancel:   all types; what was asked for may or may not have happened.
/// Lifetime: must be stopped or destroyed before the executors that its operations were awaited on.
class store {
public:
    store();
    virtual ~store();
    store(const store&) = delete;
    store& operator=(const store&) = delete;

    /// Without waiting. On a hit `to` has read the value; otherwise nothing.
    virtual lookup try_read(std::string_view key, value_reader& to) = 0;

    /// The same, with a copy of the value; `to` is left alone unless it is a hit.
    lookup try_get(std::string_view key, std::string& to);

    /// What this process saw last under a key, though it may have changed since: for when nothing else is to be had.
    virtual std::optional<std::string> last_seen(std::string_view) { return std::nullopt; }

    /// One for each key, in order; empty where there is nothing.
    virtual awaitable<std::vector<std::optional<std::string>>> get(std::vector<std::string> keys) = 0;

    /// False for those that were to be stored only if absent, and were not. Not atomic as a whole.
    virtual awaitable<std::vector<bool>> set(std::vector<new_entry> entries) = 0;

    /// Erases, and ends the leases on the keys in the same step.
    virtual awaitable<std::vector<erased>> erase(std::vector<std::string> keys) = 0;

    /// How much of its time is left, or `forever`; empty where there is nothing.
    virtual awaitable<std::vector<std::optional<std::chrono::milliseconds>>>
    time_left(std::vector<std::string> keys) = 0;

    /// Gives what is there, and not sealed, another time to live, from now.
    virtual awaitable<std::vector<expire_outcome>> expire(std::vector<std::string> keys,
                                                          std::chrono::milliseconds ttl) = 0;

    /// Adds to a number in decimal and returns the sum; begins at 0, with this time to live. Throws errc::wrong_type
    /// where there is something else, a sealed number too, or the sum has no room in 64 bits; nothing has changed then.
    virtual awaitable<std::int64_t> add(std::string key, std::int64_t amount, std::chrono::milliseconds ttl) = 0;

    /// Looks, compares and stores in one step. Nothing has changed if it was not as seen, or the lease is over; that says that
    /// somebody wrote, so a store that does not answer throws, or says so.
    virtual awaitable<replace_outcome> replace(replacement r) = 0;

    /// Asked for again with the same token it is granted again, for another ttl. Between the callers in this process the
    /// core sees to it that one at a time asks: who asks while another here holds it follows one that is gone.
    ///
    /// A store that does not answer throws, whatever it does elsewhere: nobody holds a lease that nobody gave.
    ///
    /// A store that shares its values with others need not look at leases in set(), add() and expire(): what those store is
    /// not what the holder saw.
    virtual awaitable<lease_answer> lease(lease_request r) = 0;
    /// For another ttl from now. False when the token does not hold it (any more).
    virtual awaitable<bool> extend_lease(lease_request) { co_return true; }
    /// Gives it up. False when the token does not hold it (any more).
    virtual awaitable<bool> end_lease(lease_request r) = 0;

    /// Versions are never evicted: what they void would come back. `slot` is for one that is read with every value.
    virtual std::shared_ptr<const version_slot> slot(std::string name, nesting where) = 0;
    virtual awaitable<std::vector<std::uint64_t>> versions(std::vector<std::string> names) = 0;
    /// Of what is about to be stored with them. A store that may lose versions gives those that are missing one before, so
    /// that a lost one is not what a value was stored with.
    virtual awaitable<std::vector<std::uint64_t>> versions_to_store(std::vector<std::string> names) {
        return versions(std::move(names));
    }
    /// Without waiting; false if this process does not know all of them.
    virtual bool try_versions(std::span<const std::string> names, std::vector<std::uint64_t>& to) = 0;

    /// Gives each a version greater than any that the store gave before.
    virtual awaitable<void> bump(std::vector<std::string> names) = 0;

    /// A lock, until it is released or its time is over: a number that is greater than that of every earlier holder, or
    /// empty while another holds it. The same token asks again: it gets the number it has.
    virtual awaitable<std::optional<std::uint64_t>> acquire(lock_request request) = 0;
    /// False when the token does not hold it (any more).
    virtual awaitable<bool> extend(lock_request request) = 0;
    virtual awaitable<bool> release(lock_request request) = 0;

    /// Forgets some of what is over, bounded; for stores whose memory is this process's. How many it were.
    virtual std::size_t sweep() { return 0; }

    virtual store_stats stats() const = 0;

    /// How long a sign of life takes; nothing where values are in this process. Throws errc::unavailable where none came,
    /// also from a store that otherwise bears with that. For health checks.
    virtual awaitable<std::chrono::nanoseconds> ping() { co_return std::chrono::nanoseconds(0); }

    /// Finishes what waits, up to the deadline; then what is awaited throws infra::errc::closed.
    virtual awaitable<void> stop(deadline limit) = 0;

    /// For the line that says at start what was chosen: `memory: 64 MiB`. Without secrets.
    virtual std::string description() const = 0;

private:
    friend struct detail::engine;
    // The loads under way, kept here so that all caches on one store make one load of a key.
    const std::shared_ptr<flights> flying_;
};

// --- Stores by URL ------------------------------------------------------------------------------------------------

struct store_options {
    std::string prefix{};                          ///< of all keys, as far as is known
    std::size_t max_bytes = std::size_t{64} << 20; ///< of what is kept in this process
    std::chrono::milliseconds timeout{2000};       ///< of one verb
    clock* time = nullptr;                         ///< null: the machine's
};

using store_factory = std::function<std::shared_ptr<store>(std::string_view url, const store_options& options)>;

/// Makes `scheme:` known to make_store. Linking a backend's target does this; the last one wins. `memory` is known
/// already. Always true.
bool register_store(std::string scheme, store_factory factory);

/// True once a linked target has registered the scheme.
bool knows_store(std::string_view scheme);

/// The store a URL such as `memory:` names. Throws infra::error with infra::errc::misconfigured when no linked target
/// knows the scheme, or the URL is not of its form.
std::shared_ptr<store> make_store(std::string_view url, const store_options& options = {});

} // namespace infra::cache
