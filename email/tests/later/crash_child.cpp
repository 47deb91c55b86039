// A process for crash_test.cpp to kill: sends mail that was put off, into an outbox.
//
//     email_later_child QUEUE OUTBOX work     until it is killed
//     email_later_child QUEUE OUTBOX drain    until nothing is left to do

#include <infra/base/context_executor.hpp>
#include <infra/base/id.hpp>
#include <infra/email/deliver_later.hpp>
#include <infra/email/outbox.hpp>
#include <infra/queue.hpp>
#include <infra/queue/sqlite.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <string>

namespace {

using namespace infra;
using namespace std::chrono_literals;

/// Takes its time between the mail and the answer: when the kill comes then, the mail is out and nobody knows.
class slow final : public email::transport {
public:
    explicit slow(std::shared_ptr<email::transport> to) : to_(std::move(to)) {}

    std::string_view name() const noexcept override { return to_->name(); }
    email::transport_traits traits() const noexcept override { return to_->traits(); }
    awaitable<std::vector<email::delivery>> deliver(std::vector<email::mail> mails, deadline limit) override {
        auto done = co_await to_->deliver(std::move(mails), limit);
        co_await real_clock().sleep_for(std::chrono::microseconds(random_u64() % 5'000));
        co_return done;
    }

private:
    const std::shared_ptr<email::transport> to_;
};

awaitable<void> stop_when_drained(queue::queue jobs, queue::worker worker) {
    std::size_t left = 1;
    while (left > 0) {
        co_await real_clock().sleep_for(5ms);
        left = 0;
        for (const auto& each : co_await jobs.counts())
            left += each.waiting + each.delayed + each.active;
    }
    co_await worker.stop(10s);
    co_await jobs.stop(deadline::after(10s));
}

void report(std::exception_ptr e) {
    if (e)
        std::fprintf(stderr, "child: %s\n", describe(e).c_str());
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    asio::io_context io(1);
    const auto ex = with_context(io.get_executor());
    const queue::queue jobs(queue::make_sqlite_backend(
        {.file = argv[1], .durability = queue::durability::normal, .busy_timeout = 30s, .poll = 5ms}));
    const email::mailer mailer(
        {.transport = std::make_shared<slow>(email::make_outbox_transport({.directory = argv[2]})),
         .from = "shop@example.org"});
    const email::later later(jobs, mailer, {.pause = fixed(5ms)});
    queue::worker worker(jobs, {.concurrency = 4, .lease = 300ms, .max_stalls = 1'000'000});
    asio::co_spawn(ex, worker.run(), report);
    if (std::string(argv[3]) == "drain")
        asio::co_spawn(ex, stop_when_drained(jobs, worker), report);
    io.run();
    return 0;
}
