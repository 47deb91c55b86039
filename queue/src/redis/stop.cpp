#include "presence.hpp"
#include "slots.hpp"
#include "verbs.hpp"

#include <infra/base/with_deadline.hpp>

namespace infra::queue::redis_backend {
namespace {

awaitable<void> drain(shared_store s) {
    const auto ex = co_await asio::this_coro::executor;
    for (auto* each : s->all_lines()) {
        const promise<void> added(ex), done(ex);
        each->adds.drain(s, added);
        each->work.close(s, done);
        co_await added.get();
        co_await done.get();
    }
    co_await s->here().stopped();
}

} // namespace

awaitable<void> stop(shared_store s, deadline limit) {
    s->close();
    try {
        co_await with_deadline(drain(s), limit, s->time());
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
    co_await s->redis().stop(limit);
}

} // namespace infra::queue::redis_backend
