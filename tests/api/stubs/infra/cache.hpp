#pragma once

/// Values under a key, for a while.
///
///     auto cache = infra::cache::create_cache({.url = "redis://localhost"});
///     co_await cache.set("user:123", user, 60s);
///     if (auto hit = co_await cache.get<user>("user:123")) use(*hit);
///     auto fresh = co_await cache.get_or_set("user:123", 5min, [=] { return load_user(123); });

#include <infra/planned.hpp>

namespace infra::cache {

struct cache_options {
    std::string url{};                              ///< empty: CACHE_URL, else REDIS_URL, else memory:
    std::string prefix{};                           ///< in front of every key
    std::optional<std::chrono::milliseconds> ttl{}; ///< of values set without one; unset: until erased or evicted
    std::size_t max_bytes = std::size_t{64} << 20;  ///< of the memory store, or of the near-cache
    std::chrono::milliseconds timeout{2000};        ///< of one operation
};

struct set_options {
    std::optional<std::chrono::milliseconds> ttl{};
    planned::string_list tags{}; ///< `invalidate_tag` erases every value that carries one
    bool only_if_absent = false;
};

/// Threads:  any member from any thread.
/// Errors:   a missing key is an empty optional; an unreachable store throws.
/// Lifetime: a handle over shared state; an operation under way keeps what it needs.
class cache {
public:
    explicit cache(cache_options options = {}) : state_(std::make_shared<state>()) {
        state_->options = std::move(options);
    }

    /// Replaces the value under `key`. The value is written to JSON at the call, so nothing of it need live on.
    template <class T = json::value>
    [[nodiscard]] awaitable<void> set(std::string_view key, const T& value, set_options options = {}) {
        return store(state_, std::string(key), json::to_text(value), std::move(options));
    }
    template <class T = json::value, class Rep, class Period>
    [[nodiscard]] awaitable<void> set(std::string_view key, const T& value, std::chrono::duration<Rep, Period> ttl) {
        return set<T>(key, value, set_options{.ttl = std::chrono::duration_cast<std::chrono::milliseconds>(ttl)});
    }

    template <class T = json::value>
    [[nodiscard]] awaitable<std::optional<T>> get(std::string_view key) {
        return load<T>(state_, std::string(key));
    }

    /// The value if it is in this process, without a suspension. Empty says nothing about the store behind.
    template <class T = json::value>
    [[nodiscard]] std::optional<T> try_get(std::string_view key) {
        const auto found = state_->values.find(key);
        if (found == state_->values.end())
            return std::nullopt;
        return json::parse<T>(found->second).value();
    }

    /// The value, or what `load` makes of its absence, stored for `ttl`; one load at a time per key.
    /// `load` is plain or a coroutine, and may return an optional: empty is not stored.
    template <class Load, class Rep, class Period>
    [[nodiscard]] auto get_or_set(std::string_view key, std::chrono::duration<Rep, Period> ttl, Load load) {
        return fill(state_, std::string(key), std::chrono::duration_cast<std::chrono::milliseconds>(ttl),
                    std::make_shared<Load>(std::move(load)));
    }

    template <class T = json::value>
    [[nodiscard]] awaitable<std::vector<std::optional<T>>> get_many(planned::string_list keys) {
        return load_many<T>(state_, std::move(keys));
    }

    /// True if there was something to erase.
    [[nodiscard]] awaitable<bool> del(std::string_view key) { return erase(state_, std::string(key)); }
    [[nodiscard]] awaitable<void> invalidate_tag(std::string tag) { return drop_tag(state_, std::move(tag)); }

private:
    struct state {
        cache_options options{};
        std::map<std::string, std::string, std::less<>> values{};
        std::multimap<std::string, std::string, std::less<>> tagged{};
    };
    using shared = std::shared_ptr<state>;

    static awaitable<void> store(shared in, std::string key, std::string text, set_options options) {
        for (const auto& tag : options.tags)
            in->tagged.emplace(tag, key);
        in->values.insert_or_assign(std::move(key), std::move(text));
        co_return;
    }
    template <class T>
    static awaitable<std::optional<T>> load(shared in, std::string key) {
        const auto found = in->values.find(key);
        if (found == in->values.end())
            co_return std::nullopt;
        co_return json::parse<T>(found->second).value();
    }
    template <class T>
    static awaitable<std::vector<std::optional<T>>> load_many(shared in, planned::string_list keys) {
        std::vector<std::optional<T>> found;
        for (const auto& key : keys)
            found.push_back(co_await load<T>(in, key));
        co_return found;
    }
    static awaitable<bool> erase(shared in, std::string key) { co_return in->values.erase(key) != 0; }
    static awaitable<void> drop_tag(shared in, std::string tag) {
        const auto [first, last] = in->tagged.equal_range(tag);
        for (auto each = first; each != last; ++each)
            in->values.erase(each->second);
        in->tagged.erase(tag);
        co_return;
    }

    template <class T>
    struct value_of {
        using type = T;
    };
    template <class T>
    struct value_of<std::optional<T>> {
        using type = T;
    };

    template <class Load>
    static auto fill(shared in, std::string key, std::chrono::milliseconds ttl, std::shared_ptr<Load> make)
        -> awaitable<planned::awaited_t<std::invoke_result_t<Load&>>> {
        using result = planned::awaited_t<std::invoke_result_t<Load&>>;
        using value = typename value_of<result>::type;
        if (auto hit = co_await load<value>(in, key))
            co_return std::move(*hit);
        result made = co_await planned::call(make);
        if constexpr (std::same_as<result, value>)
            co_await store(in, key, json::to_text(made), {.ttl = ttl});
        else if (made)
            co_await store(in, key, json::to_text(*made), {.ttl = ttl});
        co_return made;
    }

    shared state_;
};

[[nodiscard]] inline cache create_cache(cache_options options = {}) { return cache(std::move(options)); }

} // namespace infra::cache
