#include "ground.hpp"

#include "leases.hpp"

#include <infra/base/id.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::cache::detail {
namespace {

using std::chrono::milliseconds;

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

} // namespace

bool makes_needless(const core& in, const request& r, const std::optional<found_value>& found) {
    const auto what = judge(found, in.now_ms(), r.options, r.takes_none);
    return r.behind ? what == verdict::serve : what != verdict::load;
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

std::string why_it_failed(const std::exception_ptr& failure) {
    if (code_of(failure) == asio::error::operation_aborted)
        std::rethrow_exception(failure);
    return describe(failure);
}

} // namespace infra::cache::detail
