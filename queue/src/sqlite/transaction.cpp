#include <infra/queue/sqlite_transaction.hpp>

#include "joined_backend.hpp"

#include <infra/base/context_executor.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <stdexcept>

namespace infra::queue {

/// Runs to its end what never suspends.
class sqlite_transaction::runner {
public:
    template <class T>
    T run(awaitable<T> operation) {
        loop_.restart();
        auto result = asio::co_spawn(with_context(loop_.get_executor()), std::move(operation), asio::use_future);
        loop_.poll();
        return result.get();
    }

private:
    asio::io_context loop_{1};
};

namespace {

sqlite3* checked(sqlite3* db) {
    if (!db)
        throw std::invalid_argument("queue::sqlite_transaction needs an open connection");
    return db;
}

} // namespace

sqlite_transaction::sqlite_transaction(sqlite3* db, queue like)
    : runner_(std::make_unique<runner>()),
      stored_(sqlite::make_joined_backend(checked(db))),
      inside_(stored_, like.options(), like.jobs(), like.time()),
      time_(like.time()) {}

sqlite_transaction::~sqlite_transaction() = default;

template <class T>
T sqlite_transaction::run(awaitable<T> operation) {
    return runner_->run(std::move(operation));
}
template job_id sqlite_transaction::run(awaitable<job_id>);
template std::vector<job_id> sqlite_transaction::run(awaitable<std::vector<job_id>>);

job_id sqlite_transaction::enqueue_flow(flow what) {
    what.wait_for_no_room();
    return run(inside_.enqueue_flow(std::move(what)));
}

void sqlite_transaction::enqueue_children(const job_context& of, std::vector<flow> children, child_failure on_failure) {
    for (auto& each : children)
        each.wait_for_no_room();
    runner_->run(inside_.enqueue_children(of, std::move(children), on_failure));
}

void sqlite_transaction::complete_with(job_context& context, std::string result) {
    if (const auto why = failure_by_children(run_end::completed, stored_->at_end(context.held().job)); !why.empty())
        throw error(infra::errc::invalid_state,
                    "the job " + context.id() + " of the queue " + context.queue() + " cannot be completed: " + why);
    std::vector<outcome> one;
    one.push_back({.held = context.held(),
                   .as = outcome::kind::completed,
                   .result = std::move(result),
                   .at = time_.wall(),
                   .keep = context.keep_completed()});
    if (!runner_->run(stored_->finish(std::move(one))).front())
        throw error(errc::lease_lost,
                    "the job " + context.id() + " of the queue " + context.queue() +
                        " cannot be completed: another worker has it by now, or it is over; roll back");
    context.note_completion();
}

} // namespace infra::queue
