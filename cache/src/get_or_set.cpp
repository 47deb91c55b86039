#include "core.hpp"
#include "keys.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::cache::detail {
namespace {

using std::chrono::milliseconds;

// Of what runs behind and has no hard_timeout: longer than any caller would wait, but not for ever.
constexpr milliseconds longest_refresh{60'000};

/// One call of get_or_set.
struct request {
    std::string key{};
    std::string place{}; ///< of the key in the store, before the loader: a flush while it runs makes void what it gives
    load_options options{};
    bool takes_none = false;
    load_function load{};
};

std::optional<payload> value_of(const found_value& found) {
    return found.cover && found.cover->none ? std::nullopt : std::optional(found.value);
}

std::optional<payload> served(const core& in, const found_value& found) {
    (is_fresh(found, in.now_ms()) ? in.counts.hits : in.counts.stale).add();
    return value_of(found);
}

awaitable<std::optional<payload>> bounded_load(shared_core in, load_function load, std::optional<milliseconds> limit) {
    auto& time = in->shared->time;
    if (!limit)
        co_return co_await load();
    co_return co_await with_deadline(load(), deadline::after(*limit, time.steady()), time);
}

/// What was loaded is the caller's even if it cannot be kept.
awaitable<void> try_to_put(shared_core in, new_entry entry) {
    std::vector<new_entry> one;
    one.push_back(std::move(entry));
    try {
        co_await in->shared->stored->set(std::move(one));
    } catch (const std::exception& e) {
        telemetry::log(level::warn, "cache", "a loaded value could not be stored",
                       {{"namespace", in->prefix}, {"error", e.what()}});
    }
}

awaitable<void> keep(shared_core in, request r, std::vector<tag_version> tags, std::optional<payload> made) {
    if (!made && !r.options.none_ttl)
        co_return;
    const auto ttl = made ? in->ttl_or_default(r.options.ttl) : *r.options.none_ttl;
    const auto how = plan_loaded(in->now_ms(), ttl, r.options, random_01(), made, std::move(tags));
    co_await try_to_put(in, entry_for(std::move(r.place), how, made ? made->bytes : "null"));
}

/// The old value, armed again so that what is down is left alone for a while.
awaitable<std::optional<payload>> fall_back(shared_core in, request r, found_value old, std::string why) {
    telemetry::log(level::warn, "cache", "a loader failed; the old value is served",
                   {{"namespace", in->prefix}, {"error", why}});
    const auto how = plan_rearmed(in->now_ms(), *old.cover, r.options.throttle);
    co_await try_to_put(in, entry_for(std::move(r.place), how, old.value.bytes));
    in->counts.stale.add();
    co_return std::move(old.value);
}

struct load_outcome {
    std::optional<payload> made{};
    std::exception_ptr failure{};
    bool cancelled = false; ///< we, not the loader by itself
};

awaitable<load_outcome> run_loader(shared_core in, request r) {
    load_outcome out;
    const auto begin = in->shared->time.steady();
    try {
        out.made = co_await bounded_load(in, std::move(r.load), r.options.hard_timeout);
    } catch (...) {
        out.failure = std::current_exception();
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    out.cancelled = state.cancelled() != asio::cancellation_type::none;
    in->counts.load_duration.record(std::chrono::duration<double>(in->shared->time.steady() - begin).count());
    (out.failure ? in->counts.loads_failed : in->counts.loads_ok).add();
    co_return out;
}

/// Loads, stores, tells the others. Cancelled, it tells them nothing: its seat hands the lead on.
awaitable<std::optional<payload>> lead(shared_core in, request r, std::optional<found_value> old, flights::seat mine) {
    // Before the loader: a tag that is made void while it runs makes void what it gives.
    auto tags = co_await versions_of(in, r.options.tags);
    auto out = co_await run_loader(in, r);
    if (out.failure && out.cancelled)
        std::rethrow_exception(out.failure);
    if (!out.failure) {
        if (!out.cancelled)
            co_await keep(in, std::move(r), std::move(tags), out.made);
        mine.finish({.value = out.made});
        co_return std::move(out.made);
    }
    if (!may_stand_in(old, in->now_ms(), r.options)) {
        mine.finish({.failure = out.failure});
        std::rethrow_exception(out.failure);
    }
    auto value = co_await fall_back(in, std::move(r), std::move(*old), describe(out.failure));
    mine.finish({.failure = out.failure}); // who has an old value of his own serves that
    co_return value;
}

/// Again, because the one before may have stored it between our look and our turn.
awaitable<std::optional<payload>> look_and_lead(shared_core in, request r, flights::seat mine) {
    auto found = co_await look(in, r.key);
    if (judge(found, in->now_ms(), r.options, r.takes_none) == verdict::serve) {
        auto value = served(*in, *found);
        mine.finish({.value = value});
        co_return value;
    }
    in->counts.misses.add();
    co_return co_await lead(in, std::move(r), std::move(found), std::move(mine));
}

awaitable<void> refresh_behind(shared_core in, request r, flights::seat mine) {
    if (!r.options.hard_timeout)
        r.options.hard_timeout = longest_refresh;
    std::string why;
    try {
        auto old = co_await look(in, r.key);
        co_await lead(in, r, std::move(old), std::move(mine));
        co_return;
    } catch (...) {
        why = describe(std::current_exception());
    }
    telemetry::log(level::warn, "cache", "a refresh failed", {{"namespace", in->prefix}, {"error", why}});
}

/// Begins a refresh unless one runs.
awaitable<void> refresh(shared_core in, request r) {
    const auto ex = co_await asio::this_coro::executor;
    r.place = co_await key_in_store(in, r.key);
    auto mine = in->shared->flying->try_lead(r.place);
    // shared_from_this: what runs behind does not keep the cache's owner.
    if (mine && !in->shared->behind.spawn(ex, refresh_behind(in->shared_from_this(), std::move(r), std::move(*mine))))
        in->counts.refreshes_dropped.add();
}

awaitable<std::shared_ptr<const flight_result>> hear(flights::seat& mine, std::optional<milliseconds> soft,
                                                     clock& time) {
    if (!soft)
        co_return co_await mine.wait();
    co_return co_await with_deadline(mine.wait(), deadline::after(*soft, time.steady()), time);
}

awaitable<std::optional<payload>> load_now(shared_core in, request r, std::optional<found_value> old) {
    const bool has_old = may_stand_in(old, in->now_ms(), r.options);
    if (has_old && r.options.soft_timeout)
        co_await refresh(in, r);
    const auto ex = co_await asio::this_coro::executor;
    r.place = co_await key_in_store(in, r.key);
    auto mine = in->shared->flying->join(r.place, ex);
    if (mine.leads())
        co_return co_await look_and_lead(in, std::move(r), std::move(mine));
    std::shared_ptr<const flight_result> result;
    try {
        const auto soft = has_old ? r.options.soft_timeout : std::nullopt;
        result = co_await hear(mine, soft, in->shared->time);
    } catch (const boost::system::system_error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
        co_return served(*in, *old);
    }
    if (mine.leads())
        co_return co_await look_and_lead(in, std::move(r), std::move(mine));
    if (result->failure && has_old)
        co_return served(*in, *old);
    in->counts.misses.add();
    if (result->failure)
        std::rethrow_exception(result->failure);
    co_return result->value;
}

} // namespace

awaitable<std::optional<payload>> get_or_set(shared_core in, std::string key, load_options options, bool takes_none,
                                             load_function load) {
    check_key(key);
    check(options);
    request r{.key = std::move(key), .options = std::move(options), .takes_none = takes_none, .load = std::move(load)};
    std::optional<found_value> found(std::in_place);
    switch (look_now(*in, r.key, *found)) { // a frame less than look(), for what is there
    case lookup::hit: break;
    case lookup::miss: found.reset(); break;
    case lookup::unknown: found = co_await look_elsewhere(in, r.key);
    }
    const auto what = judge(found, in->now_ms(), r.options, r.takes_none);
    if (what == verdict::load)
        co_return co_await load_now(std::move(in), std::move(r), std::move(found));
    auto value = served(*in, *found);
    if (what == verdict::serve_and_refresh)
        co_await refresh(std::move(in), std::move(r));
    co_return value;
}

void throw_nothing_there() {
    throw error(errc::wrong_type, "another caller's loader for this key found nothing, and this one's type knows no "
                                  "nothing; give an optional");
}

} // namespace infra::cache::detail
