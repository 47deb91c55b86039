#include "leases.hpp"

namespace infra::cache::detail {
namespace {

awaitable<bool> extended(shared_core in, lease_request lease) {
    try {
        co_return co_await in->shared->stored->extend_lease(std::move(lease));
    } catch (const std::exception&) { // once more, as long as there is time
    }
    co_return true;
}

awaitable<void> end_lease(shared_core in, lease_request lease) {
    try {
        co_await in->shared->stored->end_lease(std::move(lease));
    } catch (const std::exception&) { // then it ends with its time
    }
}

awaitable<void> release(shared_core in, lock_request lock) {
    try {
        co_await in->shared->stored->release(std::move(lock));
    } catch (const std::exception&) { // likewise
    }
}

} // namespace

awaitable<void> keep_lease(shared_core in, lease_request lease, promise<void> over) {
    auto& time = in->shared->time;
    while (!co_await told_within(over, deadline::after(lease_time / 3, time.steady()), time))
        if (!co_await extended(in, lease))
            co_return;
}

void end_lease_behind(const shared_core& in, const executor& ex, lease_request lease) {
    in->shared->ending.spawn(ex, end_lease(in->shared_from_this(), std::move(lease)));
}

void release_behind(const shared_core& in, const executor& ex, lock_request lock) {
    in->shared->ending.spawn(ex, release(in->shared_from_this(), std::move(lock)));
}

} // namespace infra::cache::detail
