#include <infra/queue/sqlite.hpp>

#include "verbs.hpp"
#include "writer.hpp"

#include <infra/base/with_deadline.hpp>

#include <stdexcept>

namespace infra::queue {
namespace sqlite {
namespace {

constexpr bool refusable = false;
constexpr bool always = true;

/// A function as an operation whose result goes to a promise.
template <class F>
class operation_of final : public operation {
    using result = std::invoke_result_t<F&, store&>;

public:
    operation_of(access needs, std::size_t payload_bytes, bool is_urgent, F f, promise<result> p)
        : operation(needs, payload_bytes, is_urgent), function_(std::move(f)), outcome_(std::move(p)) {}

    void perform(store& s) override { result_.emplace(function_(s)); }
    void succeed() noexcept override { outcome_.set_value(std::move(*result_)); }
    void fail(std::exception_ptr why) noexcept override { outcome_.set_exception(std::move(why)); }

private:
    F function_;
    promise<result> outcome_;
    std::optional<result> result_;
};

template <class F>
awaitable<std::invoke_result_t<F&, store&>> submit(std::shared_ptr<writer> to, access needed, std::size_t bytes,
                                                   bool urgent, F f) {
    const promise<std::invoke_result_t<F&, store&>> outcome(co_await asio::this_coro::executor);
    to->post(std::make_unique<operation_of<F>>(needed, bytes, urgent, std::move(f), outcome));
    co_return co_await outcome.get();
}

/// A claim, which may wait.
class claim_operation final : public operation {
public:
    claim_operation(claim_request request, promise<claim_result> p)
        : operation(access::write, 0, always), request_(std::move(request)), outcome_(std::move(p)) {}

    void perform(store& s) override { result_ = sqlite::claim(s, request_); }
    bool is_claim() const noexcept override { return true; }
    bool waits() const noexcept override { return waits_on(request_, result_); }
    bool may_go_on(store& s) override { return may_claim(s, request_); }
    void try_again(store& s) override {
        if (request_.time)
            request_.now = request_.time->wall();
        result_ = claim_again(s, request_);
    }
    void succeed() noexcept override { outcome_.set_value(std::move(result_)); }
    void fail(std::exception_ptr why) noexcept override { outcome_.set_exception(std::move(why)); }

private:
    claim_request request_;
    promise<claim_result> outcome_;
    claim_result result_;
};

// Cancelled, it asks for its claim back, and learns which of the two the thread was told first.
awaitable<claim_result> submit_claim(std::shared_ptr<writer> to, claim_request request) {
    const promise<claim_result> outcome(co_await asio::this_coro::executor);
    const auto ticket = to->post(std::make_unique<claim_operation>(std::move(request), outcome));
    try {
        co_return co_await outcome.get();
    } catch (const boost::system::system_error& e) {
        if (e.code() != asio::error::operation_aborted)
            throw;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    to->withdraw(ticket);
    co_return co_await outcome.get();
}

std::size_t bytes_of(const std::vector<new_job>& jobs) {
    std::size_t bytes = 0;
    for (const auto& each : jobs)
        bytes += sizeof each + each.data.size() + each.carrier.size();
    return bytes;
}

awaitable<void> stop_writer(std::shared_ptr<writer> w, deadline limit) {
    const promise<void> drained(co_await asio::this_coro::executor);
    w->stop(drained);
    bool late = false;
    try {
        co_await with_deadline(drained.get(), limit);
    } catch (const error& e) {
        late = e.code() == infra::errc::timed_out;
        if (!late)
            throw;
    }
    if (late) {
        w->abandon();
        co_await drained.get();
    }
}

class sqlite_backend final : public backend {
public:
    explicit sqlite_backend(sqlite_options options) : writer_(std::make_shared<writer>(std::move(options))) {}
    ~sqlite_backend() override { writer_->abandon(); }

    awaitable<std::vector<added_job>> enqueue(std::vector<new_job> jobs) override {
        const auto bytes = bytes_of(jobs);
        return submit(writer_, access::write_durably, bytes, refusable,
                      [jobs = std::move(jobs)](store& s) { return sqlite::enqueue(s, jobs); });
    }

    awaitable<claim_result> claim(claim_request request) override { return submit_claim(writer_, std::move(request)); }

    awaitable<std::vector<renewal>> extend(std::vector<lease> leases, wall_time until) override {
        return submit(writer_, access::write, 0, always,
                      [leases = std::move(leases), until](store& s) { return sqlite::extend(s, leases, until); });
    }

    awaitable<std::vector<bool>> finish(std::vector<outcome> outcomes) override {
        return submit(writer_, access::write_durably, 0, always,
                      [outcomes = std::move(outcomes)](store& s) { return sqlite::finish(s, outcomes); });
    }

    awaitable<std::vector<std::optional<job_info>>> get(std::vector<job_key> keys) override {
        return submit(writer_, access::read, 0, refusable,
                      [keys = std::move(keys)](store& s) { return sqlite::get(s, keys); });
    }

    awaitable<std::vector<queue_counts>> counts(std::vector<std::string> queues) override {
        return submit(writer_, access::read, 0, refusable,
                      [queues = std::move(queues)](store& s) { return sqlite::counts(s, queues); });
    }

    awaitable<std::size_t> prune(std::vector<prune_request> requests) override {
        return submit(writer_, access::write, 0, refusable,
                      [requests = std::move(requests)](store& s) { return sqlite::prune(s, requests); });
    }

    awaitable<queue_settings> configure(settings_change change) override {
        return submit(writer_, access::write_durably, 0, refusable,
                      [change = std::move(change)](store& s) { return sqlite::configure(s, change); });
    }

    awaitable<queue_settings> settings(std::string queue) override {
        return submit(writer_, access::read, 0, refusable,
                      [queue = std::move(queue)](store& s) { return sqlite::settings(s, queue); });
    }

    awaitable<bool> forget_queue(std::string queue) override {
        return submit(writer_, access::write_durably, 0, refusable,
                      [queue = std::move(queue)](store& s) { return sqlite::forget_queue(s, queue); });
    }

    awaitable<void> stop(deadline limit) override { return stop_writer(writer_, limit); }

    std::string description() const override { return "sqlite:" + writer_->options().file.string(); }

private:
    const std::shared_ptr<writer> writer_;
};

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("queue::sqlite_options::") + sentence);
}

void check(const sqlite_options& options) {
    using namespace std::chrono_literals;
    require(options.file.has_filename(), "file must name a file");
    require(options.busy_timeout >= 0ms && options.busy_timeout <= 1h, "busy_timeout must be from 0 to 1 hour");
    require(options.poll >= 1ms && options.poll <= 1min, "poll must be from 1 ms to 1 minute");
    require(options.max_file_bytes == 0 || options.max_file_bytes >= 64 * 1024,
            "max_file_bytes must be 0 or at least 64 KiB");
    require(options.max_waiting >= 1, "max_waiting must be at least 1");
    require(options.max_waiting_bytes >= 1, "max_waiting_bytes must be at least 1");
}

} // namespace
} // namespace sqlite

std::shared_ptr<backend> make_sqlite_backend(sqlite_options options) {
    sqlite::check(options);
    return std::make_shared<sqlite::sqlite_backend>(std::move(options));
}

namespace {

[[maybe_unused]] const bool registered =
    register_backend("sqlite", [](std::string_view url) { return make_sqlite_backend(parse_sqlite_url(url)); });

} // namespace
} // namespace infra::queue

/// Named on the linker's command line by whoever links infra::queue_sqlite, so that the registration above comes along.
extern "C" void infra_queue_sqlite() {}
