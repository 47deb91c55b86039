#pragma once

// Where sentinels say that the master is.

#include "connector.hpp"
#include "sentinel_talk.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace infra::redis::detail {

/// How a sentinel is talked to: the client's TLS and patience, its own user and password.
options sentinel_settings(const options& o);

/// Asks sentinel after sentinel, each for its share of the time and half a second at most, until one tells. What it tells
/// is not believed before the server there says itself that it is a master: a sentinel may be the last to learn of a
/// failover. Who was right is asked first the next time, who was wrong or silent last.
///
/// Threads:  find() from any loop.
/// Errors:   of find(): errc::refused when sentinels answered and none of them knows the master or wants us,
///           errc::not_connected when none answered.
class sentinel_place final : public place {
public:
    sentinel_place(const options& o, clock& time);

    awaitable<address> find(executor ex, deadline limit) override;
    void check(const address& found, const server_facts& facts) override;
    void was_wrong(const address& found) override;
    void believe(const address& by) override;

private:
    struct attempt;
    awaitable<void> ask(executor ex, address sentinel, deadline limit, attempt& into);
    std::vector<address> order() const;
    void heard(const address& from, const address& master, std::vector<address> others);
    void ask_last(const address& sentinel);

    const std::string master_;
    connector sentinels_;
    mutable std::mutex mutex_;
    sentinel_list list_; // guarded by mutex_
};

/// The sentinels themselves, in turn: any will do to hear of a switch.
class any_sentinel final : public place {
public:
    explicit any_sentinel(const options& o);
    awaitable<address> find(executor ex, deadline limit) override;

private:
    std::mutex mutex_;
    std::vector<address> all_; // guarded by mutex_
};

} // namespace infra::redis::detail
