#include "load.hpp"

#include "leases.hpp"
#include "settle.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::cache::detail {
namespace {

using std::chrono::milliseconds;

// Longer than anybody would wait, but not for ever.
constexpr milliseconds longest_load{60'000};

std::optional<payload> answer_of(const found_value& found) {
    return found.cover && found.cover->none ? std::nullopt : std::optional(found.value);
}

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

awaitable<void> run_refresh(shared_core in, request r, flights::seat mine) {
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
    const bool begun = in->shared->behind.spawn(ex, run_refresh(in->shared_from_this(), std::move(r), std::move(mine)));
    if (!begun)
        in->counts.refreshes_dropped.add();
    return begun;
}

} // namespace infra::cache::detail
