#include <infra/queue/memory.hpp>

#include "storage.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace infra::queue {
namespace {

std::exception_ptr closed() {
    return std::make_exception_ptr(error(infra::errc::closed, "the queue's storage was stopped and does nothing more"));
}

} // namespace

struct memory_backend::handle {
    std::shared_ptr<memory_storage> storage;
    std::shared_ptr<memory_handle> waits = std::make_shared<memory_handle>();
    std::shared_ptr<arrivals> work{waits, &waits->work};
    std::shared_ptr<arrivals> events{waits, &waits->events};

    void close() const {
        const std::scoped_lock lock(storage->mutex);
        storage->close(*waits, closed());
    }
};

namespace {

// After a turn of the loop, as if the storage took its time: a caller that never stops asking holds nobody up. The frame
// keeps what it uses, since the backend may be gone by then.
template <class Handle, class F>
awaitable<std::invoke_result_t<F&, memory_storage&>> act(std::shared_ptr<Handle> on, F verb) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    if (on->work->is_closed())
        std::rethrow_exception(closed());
    const std::scoped_lock lock(on->storage->mutex);
    co_return verb(*on->storage);
}

// Nothing is awaited between taking and returning, so that a cancellation loses nothing.
template <class Handle>
awaitable<claim_result> claim_or_wait(std::shared_ptr<Handle> on, claim_request request) {
    for (;;) {
        const auto seen = on->work->count();
        auto taken = co_await act(on, [&](memory_storage& s) {
            s.attend(request, *on->waits);
            return s.claim(request);
        });
        if (!waits_on(request, taken))
            co_return taken;
        co_await arrivals::wait(on->work, request.queues, seen);
        if (request.time)
            request.now = request.time->wall();
    }
}

template <class Handle>
awaitable<events_page> events_or_wait(std::shared_ptr<Handle> on, events_request request) {
    for (;;) {
        const auto seen = on->events->count();
        auto page = co_await act(on, [&request](memory_storage& s) { return s.events(request); });
        if (request.cursor.empty() || page.missed || !page.events.empty())
            co_return page;
        co_await arrivals::wait(on->events, {request.queue}, seen);
    }
}

template <class Handle>
awaitable<std::optional<job_info>> wait_until_over(std::shared_ptr<Handle> on, job_key job) {
    struct waiting {
        std::shared_ptr<Handle> on;
        std::uint64_t number = 0;
        ~waiting() {
            const std::scoped_lock lock(on->storage->mutex);
            on->storage->leave(number);
        }
    };
    const promise<std::optional<job_info>> end(co_await asio::this_coro::executor);
    waiting here{on};
    auto known = co_await act(on, [&](memory_storage& s) {
        auto job_now = s.get({job}).front();
        if (job_now && !job_now->finished_at)
            here.number = s.wait_for_end({job_now->queue, job_now->id}, end, on->waits.get());
        return job_now;
    });
    co_return here.number ? co_await end.get() : known;
}

} // namespace

memory_backend::memory_backend() : memory_backend(std::make_shared<memory_storage>()) {}

memory_backend::memory_backend(std::shared_ptr<memory_storage> shared)
    : handle_(std::make_shared<handle>(handle{.storage = std::move(shared)})) {
    const std::scoped_lock lock(handle_->storage->mutex);
    handle_->storage->handles.push_back(handle_->waits);
}

memory_backend::~memory_backend() { handle_->close(); }

std::shared_ptr<memory_backend> memory_backend::open_again() const {
    return std::shared_ptr<memory_backend>(new memory_backend(handle_->storage));
}

std::vector<job_info> memory_backend::jobs(const std::function<bool(const job_info&)>& which) const {
    const std::scoped_lock lock(handle_->storage->mutex);
    return handle_->storage->jobs_that(which);
}

void memory_backend::on_finish(std::function<void(const job_info&, outcome::kind)> told) {
    const std::scoped_lock lock(handle_->storage->mutex);
    handle_->storage->on_finish = std::move(told);
}

// --- the verbs ----------------------------------------------------------------------------------------------------

awaitable<std::vector<added_job>> memory_backend::enqueue(std::vector<new_job> jobs) {
    return act(handle_, [jobs = std::move(jobs)](auto& s) mutable { return s.enqueue(std::move(jobs)); });
}

awaitable<claim_result> memory_backend::claim(claim_request request) {
    return claim_or_wait(handle_, std::move(request));
}

awaitable<void> memory_backend::leave(std::string worker) {
    return act(handle_, [worker = std::move(worker)](auto& s) { s.leave(worker); });
}

awaitable<std::vector<renewal>> memory_backend::extend(std::vector<lease> leases, std::chrono::milliseconds length,
                                                       wall_time now) {
    const auto until = saturating_add(now, length);
    return act(handle_, [leases = std::move(leases), until](auto& s) { return s.extend(leases, until); });
}

awaitable<std::vector<bool>> memory_backend::finish(std::vector<outcome> outcomes) {
    return act(handle_, [outcomes = std::move(outcomes)](auto& s) { return s.finish(outcomes); });
}

awaitable<std::vector<std::optional<job_info>>> memory_backend::get(std::vector<job_key> keys) {
    return act(handle_, [keys = std::move(keys)](auto& s) { return s.get(keys); });
}

awaitable<std::vector<queue_counts>> memory_backend::counts(std::vector<std::string> queues) {
    return act(handle_, [queues = std::move(queues)](auto& s) { return s.counts(queues); });
}

awaitable<std::size_t> memory_backend::prune(std::vector<prune_request> requests) {
    return act(handle_, [requests = std::move(requests)](auto& s) { return s.prune(requests); });
}

awaitable<void> memory_backend::stop(deadline) {
    handle_->close();
    co_return;
}

awaitable<queue_settings> memory_backend::configure(settings_change change) {
    return act(handle_, [change = std::move(change)](auto& s) { return s.configure(change); });
}

awaitable<queue_settings> memory_backend::settings(std::string queue) {
    return act(handle_, [queue = std::move(queue)](auto& s) { return s.settings(queue); });
}

awaitable<bool> memory_backend::forget_queue(std::string queue) {
    return act(handle_, [queue = std::move(queue)](auto& s) { return s.forget_queue(queue); });
}

awaitable<job_page> memory_backend::list(list_request request) {
    return act(handle_, [request = std::move(request)](auto& s) { return s.list(request); });
}

awaitable<change_result> memory_backend::change(change_request request) {
    return act(handle_, [request = std::move(request)](auto& s) { return s.change(request); });
}

awaitable<std::vector<bool>> memory_backend::tell(std::vector<note> notes) {
    return act(handle_, [notes = std::move(notes)](auto& s) mutable { return s.tell(std::move(notes)); });
}

awaitable<std::vector<log_line>> memory_backend::logs(job_key job) {
    return act(handle_, [job = std::move(job)](auto& s) { return s.logs(job); });
}

awaitable<events_page> memory_backend::events(events_request request) {
    return events_or_wait(handle_, std::move(request));
}

awaitable<std::vector<minute_counts>> memory_backend::history(std::string queue, wall_time from, wall_time to) {
    return act(handle_, [queue = std::move(queue), from, to](auto& s) { return s.history(queue, from, to); });
}

awaitable<std::vector<worker_info>> memory_backend::workers(std::vector<std::string> queues) {
    return act(handle_, [queues = std::move(queues)](auto& s) { return s.workers(queues); });
}

awaitable<std::vector<std::optional<wall_time>>> memory_backend::waiting_since(std::vector<std::string> queues,
                                                                               wall_time now) {
    return act(handle_, [queues = std::move(queues), now](auto& s) { return s.waiting_since(queues, now); });
}

awaitable<std::optional<job_info>> memory_backend::wait_for_end(job_key job) {
    return wait_until_over(handle_, std::move(job));
}

awaitable<children_page> memory_backend::children(children_request request) {
    return act(handle_, [request = std::move(request)](auto& s) { return s.children(request); });
}

awaitable<void> memory_backend::upsert(std::vector<new_schedule> schedules) {
    return act(handle_, [schedules = std::move(schedules)](auto& s) { s.upsert(schedules); });
}

awaitable<std::vector<bool>> memory_backend::remove_schedules(std::vector<schedule_key> keys) {
    return act(handle_, [keys = std::move(keys)](auto& s) { return s.remove_schedules(keys); });
}

awaitable<std::vector<bool>> memory_backend::pause_schedules(std::vector<schedule_key> keys, wall_time now) {
    return act(handle_, [keys = std::move(keys), now](auto& s) { return s.pause_schedules(keys, now); });
}

awaitable<std::vector<bool>> memory_backend::resume_schedules(std::vector<resume_request> requests) {
    return act(handle_, [requests = std::move(requests)](auto& s) { return s.resume_schedules(requests); });
}

awaitable<std::vector<schedule_info>> memory_backend::schedules(std::optional<std::string> queue) {
    return act(handle_, [queue = std::move(queue)](auto& s) { return s.schedules(queue); });
}

awaitable<std::vector<bool>> memory_backend::advance(std::vector<advance_request> requests) {
    return act(handle_, [requests = std::move(requests)](auto& s) { return s.advance(requests); });
}

awaitable<std::vector<std::optional<carried_job>>> memory_backend::carry(std::vector<job_key> keys) {
    return act(handle_, [keys = std::move(keys)](auto& s) { return s.carry(keys); });
}

awaitable<std::vector<bool>> memory_backend::restore(std::vector<carried_job> jobs) {
    return act(handle_, [jobs = std::move(jobs)](auto& s) mutable { return s.restore(std::move(jobs)); });
}

awaitable<void> memory_backend::restore_children(job_key parent, std::vector<child_info> children) {
    return act(handle_, [parent = std::move(parent), children = std::move(children)](auto& s) {
        s.restore_children(parent, children);
    });
}

std::string memory_backend::refusal_of(const carried_job& job) const { return refusal_of_doomed(job); }

awaitable<std::vector<carried_schedule>> memory_backend::carry_schedules(std::string queue) {
    return act(handle_, [queue = std::move(queue)](auto& s) { return s.carry_schedules(queue); });
}

awaitable<void> memory_backend::restore_schedules(std::vector<carried_schedule> schedules) {
    return act(handle_, [schedules = std::move(schedules)](auto& s) { s.restore_schedules(schedules); });
}

awaitable<void> memory_backend::settle(std::string /*queue*/) { co_return; }

awaitable<std::uint64_t> memory_backend::pass_numbers(std::string /*queue*/, std::uint64_t last) {
    return act(handle_, [last](auto& s) { return s.pass_numbers(last); });
}

awaitable<std::string> memory_backend::mark(move_mark asked) {
    return act(handle_, [asked = std::move(asked)](auto& s) { return s.mark(asked); });
}

std::shared_ptr<memory_backend> make_memory_backend() { return std::make_shared<memory_backend>(); }

} // namespace infra::queue
