#include "load.hpp"

#include "leases.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::cache::detail {
namespace {

using std::chrono::milliseconds;

// Longer than anybody would wait, but not for ever.
constexpr milliseconds longest_load{60'000};

/// What a load stands on.
struct ground {
    enum class kind {
        leased,
        refused,    ///< another process loads
        unreachable ///< the store does not answer: what is loaded goes to the callers alone
    } is = kind::unreachable;
    lease_request lease{};
    bool lease_ends = false;           ///< unless it is extended
    std::optional<std::string> seen{}; ///< the bytes that lay there
    std::optional<found_value> old{};
    /// As they were before the loader: one that is made void while it runs makes void what it gives.
    std::vector<tag_version> tags{};
};

std::optional<payload> answer_of(const found_value& found) {
    return found.cover && found.cover->none ? std::nullopt : std::optional(found.value);
}

// Of a store that fails; a cancellation is the caller's.
std::string why_it_failed(const std::exception_ptr& failure) {
    if (code_of(failure) == asio::error::operation_aborted)
        std::rethrow_exception(failure);
    return describe(failure);
}

// --- Ground: the lease, and what lies there under it ---

bool makes_needless(const core& in, const request& r, const std::optional<found_value>& found) {
    const auto what = judge(found, in.now_ms(), r.options, r.takes_none);
    return r.behind ? what == verdict::serve : what != verdict::load;
}

awaitable<ground> ask_for_lease(shared_core in, request r, lease_request lease) {
    auto answer = co_await in->shared->stored->lease(lease);
    ground on{.is = answer.granted ? ground::kind::leased : ground::kind::refused, .lease = std::move(lease)};
    on.lease_ends = answer.ends;
    on.seen = answer.value;
    on.old = co_await interpret_one(in, std::move(answer.value));
    if (answer.granted && !r.options.tags.empty())
        on.tags = co_await versions_of(in, r.options.tags);
    co_return on;
}

/// While another process loads: asks again, since what that stores may do.
awaitable<ground> take_ground(shared_core in, request r, lease_request lease, deadline limit) {
    auto& time = in->shared->time;
    for (milliseconds pause{10};; pause = std::min(2 * pause, milliseconds(200))) {
        auto on = co_await ask_for_lease(in, r, lease);
        if (on.is == ground::kind::leased || makes_needless(*in, r, on.old) || limit.passed(time.steady()))
            co_return on;
        const auto next = deadline::after(pause * (0.5 + random_01() / 2), time.steady());
        co_await time.sleep_until(earlier(limit, next).time());
    }
}

awaitable<ground> take_ground_or_do_without(shared_core in, request r, lease_request lease,
                                            std::optional<found_value> seen, deadline limit) {
    try {
        co_return co_await take_ground(in, r, lease, limit);
    } catch (...) {
        const auto failure = std::current_exception();
        if (code_of(failure) == infra::errc::closed)
            throw;
        why_it_failed(failure);
    }
    end_lease_behind(in, co_await asio::this_coro::executor, std::move(lease)); // it may have been given
    co_return ground{.old = std::move(seen)};
}

// --- The loader ---

struct load_outcome {
    std::optional<payload> made{};
    std::exception_ptr failure{};
    bool cancelled = false; ///< we, not the loader by itself
};

awaitable<load_outcome> run_loader(shared_core in, request r) {
    load_outcome out;
    auto& time = in->shared->time;
    const auto begin = time.steady();
    try {
        out.made = co_await with_deadline(r.load(), deadline::after(longest_wait(r.options), begin), time);
    } catch (...) {
        out.failure = std::current_exception();
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    out.cancelled = state.cancelled() != asio::cancellation_type::none;
    in->counts.load_duration.record(std::chrono::duration<double>(time.steady() - begin).count());
    (out.failure ? in->counts.loads_failed : in->counts.loads_ok).add();
    co_return out;
}

awaitable<load_outcome> run_loader_under(shared_core in, request r, lease_request lease) {
    const auto ex = co_await asio::this_coro::executor;
    promise<void> over(ex);
    in->shared->extending.spawn(ex, keep_lease(in->shared_from_this(), std::move(lease), over));
    auto out = co_await run_loader(std::move(in), std::move(r));
    over.set_value();
    co_return out;
}

// --- The end: what is stored of it, and whether it came too late ---

/// Empty if the store would not have it. What was loaded is the caller's even if it cannot be kept.
awaitable<std::optional<replace_outcome>> try_to_put(shared_core in, ground on, new_entry entry) {
    replacement what{.entry = std::move(entry), .seen = std::move(on.seen), .token = std::move(on.lease.token)};
    std::string why;
    try {
        co_return co_await in->shared->stored->replace(std::move(what));
    } catch (...) {
        why = why_it_failed(std::current_exception());
    }
    telemetry::log(level::warn, "cache", "a loaded value could not be stored",
                   {{"namespace", in->prefix}, {"error", why}});
    co_return std::nullopt;
}

/// Ends the lease, with what is to be stored if there is any. False if somebody wrote meanwhile: what was loaded is older.
awaitable<bool> settle(shared_core in, ground on, std::optional<new_entry> entry) {
    if (on.is != ground::kind::leased)
        co_return true;
    if (entry) {
        const auto outcome = co_await try_to_put(in, on, std::move(*entry));
        if (outcome && !outcome->unanswered)
            co_return outcome->done; // and the lease is over
        if (outcome) {               // whoever does not answer is not waited for twice
            end_lease_behind(in, co_await asio::this_coro::executor, std::move(on.lease));
            co_return true;
        }
    }
    try {
        co_return co_await in->shared->stored->end_lease(on.lease);
    } catch (...) {
        why_it_failed(std::current_exception());
    }
    co_return true; // as far as anybody knows
}

storing plan(const core& in, const request& r, const ground& on, const std::optional<payload>& made) {
    const auto ttl = made ? in.ttl_or_default(r.options.ttl) : *r.options.none_ttl;
    return plan_loaded(in.now_ms(), ttl, r.options, random_01(), made, on.tags);
}

std::optional<new_entry> entry_of_loaded(const core& in, const request& r, const ground& on,
                                         const std::optional<payload>& made) {
    if (!made && !r.options.none_ttl)
        return std::nullopt;
    return entry_for(r.place, plan(in, r, on, made), made ? made->bytes : "null");
}

/// Behind a reader, who was served it, an old value needs no grace to be armed again.
bool may_be_rearmed(const core& in, const request& r, const std::optional<found_value>& old) {
    return r.behind ? is_alive(old, in.now_ms()) : may_stand_in(old, in.now_ms(), r.options);
}

std::optional<new_entry> entry_of_rearmed(const core& in, const request& r, const ground& on) {
    if (!may_be_rearmed(in, r, on.old))
        return std::nullopt;
    return entry_for(r.place, plan_rearmed(in.now_ms(), *on.old->cover, r.options.throttle), on.old->value.bytes);
}

std::optional<new_entry> entry_after(const core& in, const request& r, const ground& on, const load_outcome& out) {
    return out.failure ? entry_of_rearmed(in, r, on) : entry_of_loaded(in, r, on, out.made);
}

/// The old value, where there is one that may be served; otherwise throws why it could not be loaded.
std::optional<payload> fall_back(const core& in, const request& r, const std::optional<found_value>& old,
                                 const std::exception_ptr& failure) {
    if (!may_be_rearmed(in, r, old))
        std::rethrow_exception(failure);
    telemetry::log(level::warn, "cache", "a value could not be loaded; the old one is served",
                   {{"namespace", in.prefix}, {"error", describe(failure)}});
    if (!r.behind)
        in.counts.stale.add();
    return old->value;
}

std::exception_ptr refused() {
    return std::make_exception_ptr(
        error(infra::errc::timed_out, "another process has been loading this key for longer than the hard_timeout"));
}

/// What came meanwhile, where that makes a load needless.
std::optional<payload> serve_what_came(const core& in, const request& r, const ground& on, flights::seat& mine) {
    auto value = r.behind ? answer_of(*on.old) : served(in, *on.old);
    mine.finish({.value = value, .tags = tags_of(*on.old)});
    return value;
}

/// How a load ended, with the lease over.
struct ended {
    std::optional<payload> value{};
    std::exception_ptr failure{};
    std::optional<found_value> old{}; ///< what may be served for all the failure
};

awaitable<ended> load_on(shared_core in, request r, ground on, flights::seat mine) {
    const bool extends = on.is == ground::kind::leased && on.lease_ends;
    auto out = co_await (extends ? run_loader_under(in, r, on.lease) : run_loader(in, r));
    if (out.cancelled && out.failure)
        std::rethrow_exception(out.failure);
    if (out.cancelled) { // and yet it gave something: that is the caller's, but nothing can be awaited any more
        if (on.is == ground::kind::leased)
            end_lease_behind(in, co_await asio::this_coro::executor, std::move(on.lease));
        co_return ended{.value = std::move(out.made)};
    }
    const bool newest = co_await settle(in, on, entry_after(*in, r, on, out));
    if (newest) // otherwise they may have asked after what was written: the next of them looks at that
        mine.finish({.value = out.made, .failure = out.failure, .tags = std::move(on.tags)});
    ended end{.value = std::move(out.made), .failure = out.failure};
    if (newest)
        end.old = std::move(on.old);
    co_return end;
}

awaitable<ended> lead_under(shared_core in, request r, lease_request lease, std::optional<found_value> seen,
                            flights::seat mine, deadline limit) {
    auto on = co_await take_ground_or_do_without(in, r, std::move(lease), std::move(seen), limit);
    if (makes_needless(*in, r, on.old)) {
        ended end{.value = serve_what_came(*in, r, on, mine)};
        if (on.is == ground::kind::leased)
            end_lease_behind(in, co_await asio::this_coro::executor, std::move(on.lease));
        co_return end;
    }
    if (on.is == ground::kind::refused)
        co_return ended{.failure = refused(), .old = std::move(on.old)};
    if (!r.behind)
        in->counts.misses.add();
    co_return co_await load_on(std::move(in), std::move(r), std::move(on), std::move(mine));
}

awaitable<void> refresh(shared_core in, request r, flights::seat mine) {
    std::string why;
    try {
        const auto limit = deadline::after(longest_wait(r.options), in->shared->time.steady());
        co_await lead(in, r, std::nullopt, std::move(mine), limit);
        co_return;
    } catch (...) {
        why = describe(std::current_exception());
    }
    telemetry::log(level::warn, "cache", "a refresh failed", {{"namespace", in->prefix}, {"error", why}});
}

} // namespace

milliseconds longest_wait(const load_options& options) noexcept { return options.hard_timeout.value_or(longest_load); }

std::optional<payload> served(const core& in, const found_value& found) {
    (is_fresh(found, in.now_ms()) ? in.counts.hits : in.counts.stale).add();
    return answer_of(found);
}

awaitable<std::optional<found_value>> stand_in(shared_core in, request r, std::optional<found_value> seen) {
    try {
        seen = co_await look(in, r.key);
    } catch (...) {
        why_it_failed(std::current_exception());
    }
    const bool good = judge(seen, in->now_ms(), r.options, r.takes_none) != verdict::load ||
                      may_stand_in(seen, in->now_ms(), r.options);
    co_return good ? std::move(seen) : std::nullopt;
}

awaitable<std::optional<payload>> lead(shared_core in, request r, std::optional<found_value> seen, flights::seat mine,
                                       deadline limit) {
    const auto ex = co_await asio::this_coro::executor;
    const lease_request lease{r.place, random_hex(16), lease_time};
    ended end;
    try {
        end = co_await lead_under(in, r, lease, std::move(seen), std::move(mine), limit);
    } catch (...) { // cancelled, for the most part
        end_lease_behind(in, ex, lease);
        throw;
    }
    if (end.failure)
        co_return fall_back(*in, r, end.old, end.failure);
    co_return std::move(end.value);
}

bool lead_behind(const shared_core& in, const executor& ex, request r, flights::seat mine) {
    r.behind = true;
    // shared_from_this: what runs behind does not keep the cache's owner.
    const bool begun = in->shared->behind.spawn(ex, refresh(in->shared_from_this(), std::move(r), std::move(mine)));
    if (!begun)
        in->counts.refreshes_dropped.add();
    return begun;
}

} // namespace infra::cache::detail
