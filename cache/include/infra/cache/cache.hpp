#pragma once

/// A cache over a store.
///
///     infra::cache::cache users(infra::cache::make_memory_store(), {.prefix = "users:", .default_ttl = 10min});
///     co_await users.set("42", user{"Ada"});
///     auto hit = co_await users.get<user>("42");                          // optional<user>
///     auto ada = co_await users.get_or_set("42", 5min, [=] { return load_user(42); });

#include <infra/base/clock.hpp>
#include <infra/cache/lock.hpp>
#include <infra/cache/options.hpp>
#include <infra/cache/payload.hpp>
#include <infra/cache/store.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace infra::cache {

namespace detail {

class core;
using shared_core = std::shared_ptr<core>;
using load_function = std::function<awaitable<std::optional<payload>>()>;

struct to_set {
    std::string key{};
    payload value{};
};

lookup try_get(core& in, std::string_view key, payload& to, wanted form);
/// As try_get; throws where the key cannot be one.
lookup get_now(core& in, std::string_view key, payload& to, wanted form);
/// From the store, for what get_now does not know.
awaitable<std::optional<payload>> get(shared_core in, std::string key);
awaitable<std::vector<std::optional<payload>>> get_many(shared_core in, string_list keys);
awaitable<std::vector<bool>> set(shared_core in, std::vector<to_set> values, set_options options);
awaitable<std::optional<payload>> get_or_set(shared_core in, std::string key, load_options options, bool takes_none,
                                             load_function load);

[[noreturn]] void throw_nothing_there();

template <class T>
[[gnu::always_inline]] inline std::optional<T> take_value(payload& found) {
    if constexpr (wanted_for<T> == wanted::text) {
        if (found.raw) // as most are that were wanted so: without a call
            return std::optional<T>(std::move(found.bytes));
    }
    return from_payload<T>(std::move(found));
}

// Rounded away from zero, so that nothing short becomes nothing; what has no room is `forever`.
template <class Rep, class Period>
std::chrono::milliseconds in_milliseconds(std::chrono::duration<Rep, Period> d) {
    using milliseconds = std::chrono::milliseconds;
    using wide = std::chrono::duration<long double, std::milli>;
    if (wide(d) >= wide(forever))
        return forever;
    return wide(d) <= wide(milliseconds::min()) ? milliseconds::min() : std::chrono::ceil<milliseconds>(d);
}

template <class T>
struct value_of {
    using type = T;
    static constexpr bool is_optional = false;
};
template <class T>
struct value_of<std::optional<T>> {
    using type = T;
    static constexpr bool is_optional = true;
};

/// What a loader gives in the end: T or optional<T>.
template <class Load>
using loaded = typename infra::detail::awaited<std::invoke_result_t<Load&>>::type;

// The loader lives here as long as it runs: a coroutine lambda reads its captures from the closure.
template <class Load>
awaitable<std::optional<payload>> call_loader(std::shared_ptr<Load> load) {
    using result = std::invoke_result_t<Load&>;
    std::optional<loaded<Load>> made;
    if constexpr (infra::detail::awaited<result>::is_awaitable)
        made.emplace(co_await (*load)());
    else
        made.emplace((*load)());
    if constexpr (value_of<loaded<Load>>::is_optional)
        co_return *made ? std::optional(to_payload(**made)) : std::nullopt;
    else
        co_return to_payload(*made);
}

template <class Load>
load_function loader_of(Load load) {
    return [held = std::make_shared<Load>(std::move(load))] { return call_loader(held); };
}

} // namespace detail

/// A handle; copies are the same cache.
///
/// Keys are UTF-8 of 1 byte to 64 KiB without control characters and without `@@`; of one over 1 KiB a digest is kept. A value that was never
/// stored, a stored null and a stored empty string are three things: `get<T>` gives an empty optional for the first only.
/// `get<std::optional<T>>` and `get<json::value>` tell a null, and for any other T it is errc::wrong_type, as is all that does
/// not fit.
///
/// Threads:  any member from any thread. Results arrive on the executor that awaits them.
/// Errors:   infra::error: errc::wrong_type, too_large, unavailable; infra::errc::invalid_input for a key, before anything is
///           done. std::invalid_argument for an option.
/// Cancel:   all types. A `set` that is cancelled may have happened. A cancelled get_or_set that was loading ends its loader,
///           and the next of those who wait for the same key begins with its own.
/// Lifetime: must be stopped or let go before the executors that its operations were awaited on. `time` must outlive it.
class cache {
public:
    /// Asks nobody. Throws std::invalid_argument for a bad option, and infra::errc::overloaded where the store has as many
    /// prefixes as it takes: one on Redis 10 000, with those of caches that have gone while something in them is owed.
    explicit cache(std::shared_ptr<store> stored, cache_options options = {}, clock& time = real_clock());

    // --- one value ---

    /// Replaces the value under `key`. It is written at the call, so nothing of it need live on. False if it was to be
    /// stored only where there is none, and there is.
    template <class T = json::value>
    awaitable<bool> set(std::string_view key, const T& value, set_options options = {}) const {
        return set_one(core_, std::string(key), to_payload(value), std::move(options));
    }
    template <class T = json::value, class Rep, class Period>
    awaitable<bool> set(std::string_view key, const T& value, std::chrono::duration<Rep, Period> ttl) const {
        return set<T>(key, value, set_options{.ttl = detail::in_milliseconds(ttl)});
    }

    template <class T = json::value>
    [[nodiscard]] awaitable<std::optional<T>> get(std::string_view key) const {
        return get_one<T>(core_, std::string(key));
    }

    /// The value if it is in this process, without a suspension. Empty says nothing about a store behind.
    template <class T = json::value>
    [[nodiscard]] std::optional<T> try_get(std::string_view key) const {
        payload found;
        if (detail::try_get(*core_, key, found, detail::wanted_for<T>) != lookup::hit)
            return std::nullopt;
        return detail::take_value<T>(found);
    }

    /// The value, or what `load` makes of its absence, stored for `ttl`. One load at a time for a key, also among processes
    /// that share a store: others who ask meanwhile get what it gives, or the exception it throws. `load` is a plain function
    /// or a coroutine, and may give an optional: an empty one is not stored unless load_options::none_ttl says so.
    ///
    /// What is loaded undoes nothing: where the value was written, erased or made void meanwhile it goes to the caller alone,
    /// and who asked after that gets nothing older.
    ///
    /// With `stale`, `eager` or `soft_timeout` the loader may run on when this has returned: let it capture by value.
    template <class Load>
    [[nodiscard]] awaitable<detail::loaded<Load>> get_or_set(std::string_view key, load_options options,
                                                             Load load) const {
        return fill<detail::loaded<Load>>(core_, std::string(key), std::move(options),
                                          detail::loader_of(std::move(load)));
    }
    template <class Load, class Rep, class Period>
    [[nodiscard]] awaitable<detail::loaded<Load>> get_or_set(std::string_view key,
                                                             std::chrono::duration<Rep, Period> ttl, Load load) const {
        return get_or_set(key, load_options{.ttl = detail::in_milliseconds(ttl)}, std::move(load));
    }

    /// True if there was something to erase.
    awaitable<bool> del(std::string_view key) const { return del_one(core_, std::string(key)); }

    [[nodiscard]] awaitable<bool> exists(std::string_view key) const { return exists_one(core_, std::string(key)); }

    /// How long it is still good; `forever` without an end; empty where there is nothing.
    [[nodiscard]] awaitable<std::optional<std::chrono::milliseconds>> ttl(std::string_view key) const {
        return ttl_of(core_, std::string(key));
    }

    /// Another time to live, from now. False where there is nothing. `touch` gives the default one.
    awaitable<bool> expire(std::string_view key, std::chrono::milliseconds ttl) const {
        return expire_one(core_, std::string(key), ttl);
    }
    awaitable<bool> touch(std::string_view key) const { return expire_one(core_, std::string(key), std::nullopt); }

    /// Adds to a whole number and gives the sum; where there is nothing it begins at 0, with the ttl given or the default.
    /// Throws errc::wrong_type, and changes nothing, where there is something else.
    awaitable<std::int64_t> increment(std::string_view key, std::int64_t by = 1,
                                      std::optional<std::chrono::milliseconds> ttl = {}) const {
        return add_to(core_, std::string(key), by, ttl);
    }

    // --- many ---

    /// One for each key, in order. Throws errc::wrong_type if one of them is of another type.
    template <class T = json::value>
    [[nodiscard]] awaitable<std::vector<std::optional<T>>> get_many(string_list keys) const {
        return get_each<T>(core_, std::move(keys));
    }

    /// Any range of pairs of key and value: a map, a vector of pairs. Not atomic.
    template <class Range>
    awaitable<void> set_many(const Range& values, set_options options = {}) const {
        std::vector<detail::to_set> all;
        for (const auto& [key, value] : values)
            all.push_back({std::string(key), to_payload(value)});
        return set_each(core_, std::move(all), std::move(options));
    }

    /// How many there were.
    awaitable<std::size_t> del_many(string_list keys) const { return del_each(core_, std::move(keys)); }

    // --- together ---

    /// Makes every value that carries one of these tags a miss, also those whose loaders run at this moment.
    awaitable<void> invalidate_tag(string_list tags) const { return void_tags(core_, std::move(tags)); }

    /// Makes everything stored under this prefix a miss, that of its namespaces included, at the cost of one write. What
    /// lies in the store of it goes as room is needed, or when its time is over.
    awaitable<void> flush() const { return void_all(core_); }

    /// The cache of keys that begin with `name:` here: of its own to flush, and in the metrics. 1 to 100 bytes. Its flush does
    /// not reach what was stored through a handle outside it, under a key that begins with the name.
    [[nodiscard]] cache ns(std::string_view name) const;

    /// Empty while somebody else holds it: see lock.hpp.
    [[nodiscard]] awaitable<std::optional<lock>> try_lock(std::string_view key, lock_options options = {}) const {
        return acquire(core_, std::string(key), options);
    }

    // --- life ---

    /// Once a second, until stop(): forgets what is over though nobody looks, and reports how much is stored.
    [[nodiscard]] awaitable<void> run() const { return sweep_until_stopped(core_); }

    /// Begins no more refreshes, waits for those that run until `limit`, cancels those that are left (and waits a second for
    /// them), and ends run() and the store, for all who share it. Then all that is awaited throws infra::errc::closed.
    [[nodiscard]] awaitable<void> stop(deadline limit) const { return end(core_, limit); }

    /// Where the value of `key` lies in the store, for those who look at it by other means. A flush moves it.
    [[nodiscard]] awaitable<std::string> key_in_store(std::string_view key) const {
        return place_of(core_, std::string(key));
    }

    const std::shared_ptr<store>& stored() const noexcept;
    const cache_options& options() const noexcept;

private:
    using shared = detail::shared_core;
    using duration = std::chrono::milliseconds;
    explicit cache(shared core) : core_(std::move(core)) {}

    template <class T>
    static awaitable<std::optional<T>> get_one(shared in, std::string key) {
        payload here;
        switch (detail::get_now(*in, key, here, detail::wanted_for<T>)) { // without a frame of its own: most are hits
        case lookup::hit: co_return detail::take_value<T>(here);
        case lookup::miss: co_return std::nullopt;
        case lookup::unknown: break;
        }
        auto found = co_await detail::get(std::move(in), std::move(key));
        if (!found)
            co_return std::nullopt;
        co_return std::optional<T>(from_payload<T>(std::move(*found)));
    }

    template <class T>
    static awaitable<std::vector<std::optional<T>>> get_each(shared in, string_list keys) {
        auto found = co_await detail::get_many(std::move(in), std::move(keys));
        std::vector<std::optional<T>> values(found.size());
        for (std::size_t i = 0; i < found.size(); ++i)
            if (found[i])
                values[i].emplace(from_payload<T>(std::move(*found[i])));
        co_return values;
    }

    template <class Result>
    static awaitable<Result> fill(shared in, std::string key, load_options options, detail::load_function load) {
        using value = detail::value_of<Result>;
        auto found = co_await detail::get_or_set(std::move(in), std::move(key), std::move(options), value::is_optional,
                                                 std::move(load));
        if (found)
            co_return Result(from_payload<typename value::type>(std::move(*found)));
        if constexpr (value::is_optional)
            co_return std::nullopt;
        else
            detail::throw_nothing_there();
    }

    static awaitable<bool> set_one(shared in, std::string key, payload value, set_options options);
    static awaitable<void> set_each(shared in, std::vector<detail::to_set> values, set_options options);
    static awaitable<bool> del_one(shared in, std::string key);
    static awaitable<std::size_t> del_each(shared in, string_list keys);
    static awaitable<bool> exists_one(shared in, std::string key);
    static awaitable<std::optional<duration>> ttl_of(shared in, std::string key);
    static awaitable<bool> expire_one(shared in, std::string key, std::optional<duration> ttl);
    static awaitable<std::int64_t> add_to(shared in, std::string key, std::int64_t by, std::optional<duration> ttl);
    static awaitable<std::string> place_of(shared in, std::string key);
    static awaitable<void> void_tags(shared in, string_list tags);
    static awaitable<void> void_all(shared in);
    static awaitable<std::optional<lock>> acquire(shared in, std::string key, lock_options options);
    static awaitable<void> sweep_until_stopped(shared in);
    static awaitable<void> end(shared in, deadline limit);

    shared core_;
};

} // namespace infra::cache
