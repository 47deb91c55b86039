#pragma once

/// Credentials that are asked for when they are needed, and kept as long as they are good.
///
///     credentials_cache keys(options.ask_for_keys, *options.time);
///     auto answer = co_await send(sign(request, co_await keys.get()));
///     if (is_expired_token(answer) && keys.expired(used)) …        // once more, with others

#include <infra/base/clock.hpp>
#include <infra/runtime/promise.hpp>
#include <infra/storage/credentials.hpp>

#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

namespace infra::storage {

/// Threads:  any member from any thread and loop.
/// Errors:   get() throws what the function throws, while nothing good is there; storage_error with errc::denied for what has expired
///           already, infra::error with errc::misconfigured for half a pair.
/// Cancel:   get(): all types. Whose turn it was to ask leaves it to another who waits.
/// Lifetime: must outlive every get(), as the clock must.
class credentials_cache {
public:
    /// So long before they expire they are asked for again,
    static constexpr std::chrono::minutes early{5};
    /// and so long after that, whatever it gave, not for the same reason.
    static constexpr std::chrono::seconds pause{10};

    credentials_cache(credentials_function ask, clock& time) : ask_(std::move(ask)), time_(time) {}

    /// These, for ever; empty ones too.
    credentials_cache(credentials fixed, clock& time) : time_(time), held_(std::move(fixed)) {}

    /// One who comes while another asks has what is there as long as it is good, otherwise waits for the same answer.
    awaitable<credentials> get();

    /// A store called these expired. Whether asking again may help: not where they are given for ever, and not where the same
    /// ones came back.
    bool expired(const credentials& used);

private:
    enum class step { use, ask, wait };
    class turn;

    step next(wall_time now) const;
    bool is_good(wall_time now) const;
    void keep(credentials given, wall_time now);

    const credentials_function ask_;
    clock& time_;
    std::mutex mutex_;
    // All guarded by mutex_.
    std::optional<credentials> held_;
    bool refused_ = false;   // a store called what is held expired
    bool confirmed_ = false; // and the function gave it again
    bool asking_ = false;
    wall_time not_before_ = wall_time::min();
    std::vector<promise<void>> waiting_;
};

} // namespace infra::storage
