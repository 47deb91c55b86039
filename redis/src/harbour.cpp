#include "harbour.hpp"

#include "pipeline.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>

namespace infra::redis::detail {
namespace {

struct harbour_service final : asio::execution_context::service {
    explicit harbour_service(asio::execution_context& of) : service(of) {}
    void shutdown() noexcept override { all->abandon_all(); }

    static asio::execution_context::id id;
    const std::shared_ptr<harbour> all = std::make_shared<harbour>();
};

asio::execution_context::id harbour_service::id;

} // namespace

// A context shuts its services down youngest first. Timers are made before the harbour, so that they are still there to
// be cancelled.
std::shared_ptr<harbour> harbour::of(const executor& ex) {
    const asio::steady_timer elder(ex);
    return asio::use_service<harbour_service>(asio::query(ex, asio::execution::context)).all;
}

void harbour::enter(pipeline& p) {
    const std::scoped_lock lock(mutex_);
    all_.push_back(&p);
}

void harbour::leave(pipeline& p) noexcept {
    const std::scoped_lock lock(mutex_);
    std::erase(all_, &p);
}

// One after the other, since the end of one may be the end of others.
void harbour::abandon_all() noexcept {
    while (true) {
        pipeline* next = nullptr;
        {
            const std::scoped_lock lock(mutex_);
            if (all_.empty())
                return;
            next = all_.back();
            all_.pop_back();
        }
        next->abandon();
    }
}

} // namespace infra::redis::detail
