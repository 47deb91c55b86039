#include "change.hpp"
#include "core.hpp"
#include "keys.hpp"
#include "leases.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::cache {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t many_at_once = 1000;

std::shared_ptr<detail::engine> make_engine(std::shared_ptr<store> stored, cache_options options, clock& time) {
    check(options);
    return std::make_shared<detail::engine>(std::move(stored), std::move(options), time);
}

void require_positive_ttl(milliseconds ttl, const char* what) {
    if (ttl <= milliseconds::zero())
        throw std::invalid_argument(std::string("cache::") + what + " must be positive");
}

void tell(detail::engine& of) {
    const auto& told = instruments_of(of.options.prefix);
    const auto now = of.stored->stats();
    told.stored_bytes.record(static_cast<double>(now.bytes));
    told.stored_entries.record(static_cast<double>(now.entries));
    told.evictions.add(static_cast<double>(of.untold_evictions(now.evictions)));
}

/// How many it was; empty when there is nothing more to sweep for.
std::optional<std::size_t> sweep_unless_stopped(const std::shared_ptr<detail::engine>& engine) {
    if (!engine || engine->stopped.is_set())
        return std::nullopt;
    const auto swept = engine->stored->sweep();
    tell(*engine);
    return swept;
}

bool ends_in_envelope(const std::optional<found_value>& found) {
    return found && found->cover && found->cover->fresh_until_ms != never_ms;
}

} // namespace

namespace detail {

awaitable<std::vector<bool>> set(shared_core in, std::vector<to_set> values, set_options options) {
    check(options);
    const auto tags = co_await versions_of(in, options.tags);
    const auto ttl = in->ttl_or_default(options.ttl);
    std::vector<std::string> keys;
    for (auto& each : values)
        keys.push_back(std::move(each.key));
    keys = co_await keys_in_store(in, std::move(keys));
    std::vector<new_entry> entries;
    entries.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto how = plan_set(in->now_ms(), ttl, values[i].value.raw, tags);
        entries.push_back(entry_for(std::move(keys[i]), how, values[i].value.bytes));
        entries.back().only_if_absent = options.only_if_absent;
    }
    if (options.only_if_absent)
        co_return co_await set_if_absent(std::move(in), std::move(entries));
    co_return co_await in->shared->stored->set(std::move(entries));
}

} // namespace detail

cache::cache(std::shared_ptr<store> stored, cache_options options, clock& time) {
    const auto prefix = options.prefix;
    core_ = detail::core::make(
        std::make_shared<detail::owner>(make_engine(std::move(stored), std::move(options), time)), prefix, nullptr);
}

cache cache::ns(std::string_view name) const {
    if (name.empty() || name.size() > 100)
        throw std::invalid_argument("cache::ns: a name must have 1 to 100 bytes");
    check_prefix("ns", name);
    return cache(detail::core::make(core_->owned_by.lock(), core_->prefix + std::string(name) + ":", core_.get()));
}

awaitable<bool> cache::set_one(shared in, std::string key, payload value, set_options options) {
    std::vector<detail::to_set> one;
    one.push_back({std::move(key), std::move(value)});
    const auto stored = co_await detail::set(std::move(in), std::move(one), std::move(options));
    co_return stored.front();
}

awaitable<void> cache::set_each(shared in, std::vector<detail::to_set> values, set_options options) {
    co_await detail::set(std::move(in), std::move(values), std::move(options));
}

awaitable<bool> cache::del_one(shared in, std::string key) {
    co_return co_await del_each(std::move(in), std::move(key)) != 0;
}

awaitable<std::size_t> cache::del_each(shared in, string_list keys) {
    auto places = co_await detail::keys_in_store(in, std::vector<std::string>(keys.begin(), keys.end()));
    co_return co_await detail::erase(std::move(in), std::move(places));
}

awaitable<bool> cache::exists_one(shared in, std::string key) {
    const auto found = co_await detail::look(in, std::move(key));
    co_return found&& is_plainly_there(*found, in->now_ms());
}

awaitable<std::optional<milliseconds>> cache::ttl_of(shared in, std::string key) {
    const auto found = co_await detail::look(in, key);
    const auto now = in->now_ms();
    if (!found || !is_plainly_there(*found, now))
        co_return std::nullopt;
    if (ends_in_envelope(found))
        co_return milliseconds(found->cover->fresh_until_ms - now);
    std::vector<std::string> places;
    places.push_back(co_await detail::key_in_store(in, std::move(key)));
    const auto left = co_await in->shared->stored->time_left(std::move(places));
    co_return left.front();
}

awaitable<bool> cache::expire_one(shared in, std::string key, std::optional<milliseconds> given) {
    const auto ttl = in->ttl_or_default(given);
    require_positive_ttl(ttl, "expire: ttl");
    co_return co_await detail::expire(std::move(in), std::move(key), ttl);
}

awaitable<std::int64_t> cache::add_to(shared in, std::string key, std::int64_t by, std::optional<milliseconds> given) {
    const auto ttl = in->ttl_or_default(given);
    require_positive_ttl(ttl, "increment: ttl");
    co_return co_await detail::increment(std::move(in), std::move(key), by, ttl);
}

awaitable<void> cache::void_tags(shared in, string_list tags) {
    check(set_options{.tags = tags});
    std::vector<std::string> names;
    for (const auto& each : tags)
        names.push_back(tag_name(in->prefix, each));
    co_await in->shared->stored->bump(std::move(names));
}

awaitable<void> cache::void_all(shared in) {
    std::vector<std::string> one{in->version_names.back()};
    co_await in->shared->stored->bump(std::move(one));
}

awaitable<std::string> cache::place_of(shared in, std::string key) {
    check_key(key);
    co_return co_await detail::key_in_store(std::move(in), std::move(key));
}

namespace {

// Asked for once. Who leaves before he is told may have it, and nobody else would for its ttl.
awaitable<std::optional<std::uint64_t>> take_lock(detail::shared_core in, lock_request request) {
    const auto ex = co_await asio::this_coro::executor;
    try {
        co_return co_await in->shared->stored->acquire(request);
    } catch (...) {
        detail::release_behind(in, ex, std::move(request));
        throw;
    }
}

} // namespace

awaitable<std::optional<lock>> cache::acquire(shared in, std::string key, lock_options options) {
    check_key(key);
    require_positive_ttl(options.ttl, "lock_options::ttl");
    auto& time = in->shared->time;
    const lock_request request{lock_name(in->prefix, key), random_hex(16), options.ttl};
    const auto give_up = deadline::after(options.wait, time.steady());
    for (milliseconds pause{10};; pause = std::min(2 * pause, milliseconds(250))) {
        if (const auto fence = co_await take_lock(in, request))
            co_return lock(in->shared->stored, request, *fence);
        if (give_up.passed(time.steady()))
            co_return std::nullopt;
        co_await time.sleep_until(earlier(give_up, deadline::after(pause, time.steady())).time());
    }
}

// Holds the cache only while it sweeps, so that it ends with the last handle if nobody stops it.
awaitable<void> cache::sweep_until_stopped(shared in) {
    auto& time = in->shared->time;
    const auto stopped = in->shared->stopped.listener(co_await asio::this_coro::executor);
    const std::weak_ptr<detail::engine> swept = in->shared;
    in.reset();
    while (const auto many = sweep_unless_stopped(swept.lock())) {
        // One that reached its bound has left some; others have their turn in between.
        const auto next = deadline::after(*many < many_at_once ? milliseconds(1000) : milliseconds(10), time.steady());
        if (co_await told_within(stopped, next, time))
            co_return;
    }
}

awaitable<void> cache::end(shared in, deadline limit) {
    in->shared->stopped.set();
    co_await in->shared->behind.stop(limit, in->shared->time);
    in->shared->extending.cancel();
    co_await in->shared->ending.stop(limit, in->shared->time);
    co_await in->shared->stored->stop(limit);
}

const std::shared_ptr<store>& cache::stored() const noexcept { return core_->shared->stored; }
const cache_options& cache::options() const noexcept { return core_->shared->options; }

} // namespace infra::cache
