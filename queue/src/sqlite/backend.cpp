#include <infra/queue/sqlite.hpp>

#include "restore.hpp"
#include "submit.hpp"
#include "verbs.hpp"
#include "waits.hpp"

#include <infra/base/with_deadline.hpp>

#include <stdexcept>

namespace infra::queue {
namespace sqlite {
namespace {

std::size_t bytes_of(const std::vector<new_job>& jobs) {
    std::size_t bytes = 0;
    for (const auto& each : jobs)
        bytes += sizeof each + each.data.size() + each.carrier.size();
    return bytes;
}

std::size_t bytes_of(const std::vector<note>& notes) {
    std::size_t bytes = 0;
    for (const auto& each : notes) {
        bytes += sizeof each + (each.progress ? each.progress->size() : 0);
        for (const auto& line : each.lines)
            bytes += sizeof line + line.text.size();
    }
    return bytes;
}

std::size_t bytes_of(const std::vector<new_schedule>& schedules) {
    std::size_t bytes = 0;
    for (const auto& each : schedules)
        bytes += sizeof each + each.data.size();
    return bytes;
}

std::size_t bytes_of(const std::vector<carried_job>& jobs) {
    std::size_t bytes = 0;
    for (const auto& each : jobs)
        bytes += sizeof each + each.known.data.size() + each.known.result.size() + each.carrier.size() +
                 each.handed_on.size();
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

// A queue may have a million groups. The settings hold from the first part on, so that what becomes of the others is no matter
// of who asked: whoever claims goes on with them.
awaitable<queue_settings> configure_in_parts(std::shared_ptr<writer> w, settings_change change) {
    const auto queue = change.queue;
    const bool limits_groups = change.per_group.has_value();
    auto now = co_await submit(w, access::write_durably, 0, refusable,
                               [change = std::move(change)](store& s) { return sqlite::configure(s, change); });
    try {
        for (bool settled = !limits_groups; !settled;)
            settled = co_await submit(w, access::write_durably, 0, refusable,
                                      [queue](store& s) { return sqlite::settle_groups(s, queue); });
    } catch (const error&) {
    }
    co_return now;
}

// A queue may have had a million throttles.
awaitable<bool> forget_in_parts(std::shared_ptr<writer> w, std::string queue) {
    std::optional<bool> forgotten;
    while (!forgotten)
        forgotten = co_await submit(w, access::write_durably, 0, refusable,
                                    [queue](store& s) { return sqlite::forget_queue(s, queue); });
    co_return *forgotten;
}

class sqlite_backend final : public backend, public transferable_store {
public:
    sqlite_backend(sqlite_options options, const side_work_limits& side_work)
        : writer_(std::make_shared<writer>(std::move(options), side_work)) {}
    ~sqlite_backend() override { writer_->abandon(); }

    awaitable<std::vector<added_job>> enqueue(std::vector<new_job> jobs) override {
        const auto bytes = bytes_of(jobs);
        return submit(writer_, access::write_durably, bytes, refusable,
                      [jobs = std::move(jobs)](store& s) { return sqlite::enqueue(s, jobs); });
    }

    awaitable<claim_result> claim(claim_request request) override {
        return submit_waiting<claim_operation>(writer_, std::move(request));
    }

    awaitable<void> leave(std::string worker) override {
        return submit(writer_, access::write, 0, always,
                      [worker = std::move(worker)](store& s) { sqlite::leave(s, worker); });
    }

    awaitable<std::vector<renewal>> extend(std::vector<lease> leases, std::chrono::milliseconds length,
                                           wall_time now) override {
        const auto until = saturating_add(now, length);
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

    // --- operations ---

    awaitable<queue_settings> configure(settings_change change) override {
        return configure_in_parts(writer_, std::move(change));
    }

    awaitable<queue_settings> settings(std::string queue) override {
        return submit(writer_, access::read, 0, refusable,
                      [queue = std::move(queue)](store& s) { return sqlite::settings(s, queue); });
    }

    awaitable<bool> forget_queue(std::string queue) override { return forget_in_parts(writer_, std::move(queue)); }

    awaitable<job_page> list(list_request request) override {
        return submit(writer_, access::read, 0, refusable,
                      [request = std::move(request)](store& s) { return sqlite::list(s, request); });
    }

    awaitable<change_result> change(change_request request) override {
        return submit(writer_, access::write_durably, 0, refusable,
                      [request = std::move(request)](store& s) { return sqlite::change(s, request); });
    }

    awaitable<std::vector<bool>> tell(std::vector<note> notes) override {
        const auto bytes = bytes_of(notes);
        return submit(writer_, access::write, bytes, refusable,
                      [notes = std::move(notes)](store& s) { return sqlite::tell(s, notes); });
    }

    awaitable<children_page> children(children_request request) override {
        return submit(writer_, access::read, 0, refusable,
                      [request = std::move(request)](store& s) { return sqlite::children(s, request); });
    }

    awaitable<std::vector<log_line>> logs(job_key job) override {
        return submit(writer_, access::read, 0, refusable,
                      [job = std::move(job)](store& s) { return sqlite::logs(s, job); });
    }

    awaitable<events_page> events(events_request request) override {
        return submit_waiting<events_operation>(writer_, std::move(request));
    }

    awaitable<std::vector<minute_counts>> history(std::string queue, wall_time from, wall_time to) override {
        return submit(writer_, access::read, 0, refusable,
                      [queue = std::move(queue), from, to](store& s) { return sqlite::history(s, queue, from, to); });
    }

    awaitable<std::vector<worker_info>> workers(std::vector<std::string> queues) override {
        return submit(writer_, access::read, 0, refusable,
                      [queues = std::move(queues)](store& s) { return sqlite::workers(s, queues); });
    }

    awaitable<std::vector<std::optional<wall_time>>> waiting_since(std::vector<std::string> queues,
                                                                   wall_time now) override {
        return submit(writer_, access::read, 0, refusable,
                      [queues = std::move(queues), now](store& s) { return sqlite::waiting_since(s, queues, now); });
    }

    awaitable<std::optional<job_info>> wait_for_end(job_key job) override {
        return submit_waiting<end_operation>(writer_, std::move(job));
    }

    // --- schedules ---

    awaitable<void> upsert(std::vector<new_schedule> schedules) override {
        co_await submit(writer_, access::write_durably, bytes_of(schedules), refusable,
                        [schedules = std::move(schedules)](store& s) { return sqlite::upsert(s, schedules); });
    }

    awaitable<std::vector<bool>> remove_schedules(std::vector<schedule_key> keys) override {
        return submit(writer_, access::write_durably, 0, refusable,
                      [keys = std::move(keys)](store& s) { return sqlite::remove_schedules(s, keys); });
    }

    awaitable<std::vector<bool>> pause_schedules(std::vector<schedule_key> keys, wall_time now) override {
        return submit(writer_, access::write_durably, 0, refusable,
                      [keys = std::move(keys), now](store& s) { return sqlite::pause_schedules(s, keys, now); });
    }

    awaitable<std::vector<bool>> resume_schedules(std::vector<resume_request> requests) override {
        return submit(writer_, access::write_durably, 0, refusable,
                      [requests = std::move(requests)](store& s) { return sqlite::resume_schedules(s, requests); });
    }

    awaitable<std::vector<schedule_info>> schedules(std::optional<std::string> queue) override {
        return submit(writer_, access::read, 0, refusable,
                      [queue = std::move(queue)](store& s) { return sqlite::schedules(s, queue); });
    }

    awaitable<std::vector<bool>> advance(std::vector<advance_request> requests) override {
        return submit(writer_, access::write_durably, 0, always,
                      [requests = std::move(requests)](store& s) { return sqlite::advance(s, requests); });
    }

    // --- moves ---

    awaitable<std::vector<std::optional<carried_job>>> carry(std::vector<job_key> keys) override {
        return submit(writer_, access::read, 0, refusable,
                      [keys = std::move(keys)](store& s) { return sqlite::carry(s, keys); });
    }

    awaitable<std::vector<bool>> restore(std::vector<carried_job> jobs) override {
        const auto bytes = bytes_of(jobs);
        return submit(writer_, access::write_durably, bytes, refusable,
                      [jobs = std::move(jobs)](store& s) { return sqlite::restore(s, jobs); });
    }

    awaitable<void> restore_children(job_key parent, std::vector<child_info> children) override {
        co_await submit(writer_, access::write_durably, 0, refusable,
                        [parent = std::move(parent), children = std::move(children)](store& s) {
                            sqlite::restore_children(s, parent, children);
                        });
    }

    std::string refusal_of(const carried_job& job) const override { return refusal_of_doomed(job); }

    awaitable<std::vector<carried_schedule>> carry_schedules(std::string queue) override {
        return submit(writer_, access::read, 0, refusable,
                      [queue = std::move(queue)](store& s) { return sqlite::carry_schedules(s, queue); });
    }

    awaitable<void> restore_schedules(std::vector<carried_schedule> schedules) override {
        co_await submit(writer_, access::write_durably, 0, refusable,
                        [schedules = std::move(schedules)](store& s) { sqlite::restore_schedules(s, schedules); });
    }

    awaitable<void> settle(std::string /*queue*/) override { co_return; } // it is on the disk

    awaitable<std::uint64_t> pass_numbers(std::string /*queue*/, std::uint64_t last) override {
        return submit(writer_, access::write_durably, 0, refusable,
                      [last](store& s) { return sqlite::pass_numbers(s, last); });
    }

    awaitable<std::string> mark(move_mark asked) override {
        return submit(writer_, asked.to ? access::write_durably : access::read, 0, refusable,
                      [asked](store& s) { return sqlite::mark(s, asked); });
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
    require(options.look_for_dead >= 0ms && options.look_for_dead <= 1min, "look_for_dead must be from 0 to 1 minute");
    require(options.max_file_bytes == 0 || options.max_file_bytes >= 64 * 1024,
            "max_file_bytes must be 0 or at least 64 KiB");
    require(options.log_bytes >= 64 * 1024 && options.log_bytes <= std::size_t{1} << 36,
            "log_bytes must be from 64 KiB to 64 GiB");
    require(options.max_waiting >= 1, "max_waiting must be at least 1");
    require(options.max_waiting_bytes >= 1, "max_waiting_bytes must be at least 1");
}

} // namespace
} // namespace sqlite

std::shared_ptr<backend> make_sqlite_backend(sqlite_options options) {
    return make_sqlite_backend(std::move(options), sqlite::side_work_limits());
}

std::shared_ptr<backend> make_sqlite_backend(sqlite_options options, sqlite::side_work_limits side_work) {
    sqlite::check(options);
    return std::make_shared<sqlite::sqlite_backend>(std::move(options), side_work);
}

namespace {

[[maybe_unused]] const bool registered =
    register_backend("sqlite", [](std::string_view url) { return make_sqlite_backend(parse_sqlite_url(url)); });

} // namespace
} // namespace infra::queue

/// Named on the linker's command line by whoever links infra::queue_sqlite, so that the registration above comes along.
extern "C" void infra_queue_sqlite() {}
