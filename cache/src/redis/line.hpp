#pragma once

// The way to the server, and what is done while it is closed.

#include "breaker.hpp"
#include "complaint.hpp"
#include "debts.hpp"
#include "instruments.hpp"

#include "../background.hpp"

#include <infra/cache/redis.hpp>
#include <infra/redis.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace infra::cache::redis_backend {

/// What an operation is for, and so what becomes of it while the server is away.
enum class purpose : std::uint8_t {
    read,   ///< finds nothing
    recall, ///< finds nothing; of what is read before a write, and so goes on with the writes
    write,  ///< is dropped; the caller owes what follows from that
    must,   ///< throws whatever the policy
    aside,  ///< nobody asked for it: neither counted nor thrown
};

/// What the server said, without errors in it; nothing where it said nothing, or that it does not do this.
template <class T>
struct answer {
    std::optional<T> given{};
    bool refused = false; ///< the server is there
    bool never = false;   ///< and will refuse it again

    explicit operator bool() const noexcept { return given.has_value(); }
    T& operator*() noexcept { return *given; }
    const T& operator*() const noexcept { return *given; }
    const T* operator->() const noexcept { return &*given; }
};

/// Threads:  any member from any thread.
/// Errors:   infra::error: errc::unavailable where the policy or the purpose says so; infra::errc::closed after stop().
/// Cancel:   all types.
/// Lifetime: let go of with let_go(); operations under way keep it.
class line : public std::enable_shared_from_this<line> {
public:
    line(redis_store_options options, std::vector<executor> loops, clock& time);

    /// Without an answer only where the policy lets that pass.
    static awaitable<answer<redis::reply>> ask(std::shared_ptr<line> self, redis::command c, purpose why);
    static awaitable<answer<std::vector<redis::reply>>> ask(std::shared_ptr<line> self, redis::batch b, purpose why);

    /// At each server that holds a part of the data.
    static awaitable<answer<std::vector<redis::reply>>> ask_all(std::shared_ptr<line> self, redis::command c,
                                                                purpose why);

    /// To be made up for before anybody reads again.
    void owe_erasure(std::span<const std::string> keys);
    void owe_bump(std::span<const std::string> names);
    bool owes(const std::string& version_name) const { return debts_.owes(version_name); }
    void know_namespace(const std::string& version_name, std::weak_ptr<const void> handle) {
        debts_.know_namespace(version_name, std::move(handle));
    }

    /// Greater than any on the server. Empty where it was not answered.
    static awaitable<std::optional<std::string>> next_version(std::shared_ptr<line> self, purpose why);

    /// Gives each version a greater number than any before. False where it was not answered.
    static awaitable<bool> bump(std::shared_ptr<line> self, std::vector<std::string> names, purpose why);

    /// Whatever the breaker says. Throws errc::unavailable.
    static awaitable<std::chrono::nanoseconds> ping(std::shared_ptr<line> self);

    void let_go() {
        mending_.cancel();
        looking_.cancel();
    }
    static awaitable<void> stop(std::shared_ptr<line> self, deadline limit);

    const redis_store_options& options() const noexcept { return options_; }
    const redis::client& client() const noexcept { return client_; }
    clock& time() const noexcept { return time_; }

private:
    struct to_all_masters {
        redis::command command;
    };
    template <class T, class What>
    static awaitable<answer<T>> ask_once(std::shared_ptr<line> self, What what, purpose why);
    template <class T>
    answer<T> judge(T said, purpose why);

    awaitable<redis::reply> execute(redis::command c);
    awaitable<std::vector<redis::reply>> execute(redis::batch b);
    awaitable<std::vector<redis::reply>> execute(to_all_masters what);

    bool may_ask(breaker::visit& here, purpose why);
    void leave(breaker::visit& here, breaker::ending how, std::string_view problem);
    [[noreturn]] void throw_unavailable(std::string_view problem) const;
    void forgo(purpose why, std::string_view problem);
    void shut(std::string_view problem);
    void trip(std::string_view problem);
    void mend_behind();

    static awaitable<void> warn_of_eviction(std::shared_ptr<line> self);
    static awaitable<void> mend(std::weak_ptr<line> weak);
    static awaitable<void> probe(std::shared_ptr<line> self);
    static awaitable<bool> try_to_mend(std::shared_ptr<line> self);
    static awaitable<void> pay(std::shared_ptr<line> self);
    static awaitable<void> pay_one(std::shared_ptr<line> self, debts::bill bill);
    bool took(std::span<const redis::reply> replies);
    void tell_refusal(std::string_view problem);
    deadline limit_of_probe() const;
    void told_well();

    deadline limit() const { return deadline::after(options_.timeout, time_.steady()); }

    const redis_store_options options_;
    clock& time_;
    const instruments& count_;
    const std::string server_;    ///< for messages
    const background::home home_; ///< of what is done behind: a loop of the client, since a caller's may outlive those
    const redis::client client_;
    breaker breaker_;
    debts debts_;
    background mending_{1};
    background looking_{1};
    std::atomic<bool> stopped_{false};
    std::atomic<bool> refusal_told_{false};
    std::atomic<bool> eviction_asked_{false};
};

} // namespace infra::cache::redis_backend
