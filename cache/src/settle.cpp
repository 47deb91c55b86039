#include "settle.hpp"

#include "leases.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::cache::detail {
namespace {

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

} // namespace

std::optional<new_entry> entry_after(const core& in, const request& r, const ground& on, const load_outcome& out) {
    return out.failure ? entry_of_rearmed(in, r, on) : entry_of_loaded(in, r, on, out.made);
}

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

} // namespace infra::cache::detail
