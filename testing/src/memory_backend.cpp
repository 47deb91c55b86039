#include <infra/testing/memory_backend.hpp>

#include <infra/queue/arrivals.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace infra::testing {

using namespace queue;

namespace {

struct record {
    job_info info;
    std::string carrier;
    std::int64_t place = 0; // among equals: from the storage's numbers; negative, the place is in front
    std::string token{};    // of the lease, while active
    wall_time lease_until{};
};

using records = std::map<std::uint64_t, record>; // by the number with which they came
using names = std::set<std::string, std::less<>>;

record to_record(new_job job, std::int64_t number) {
    return {.info = {.queue = std::move(job.queue),
                     .id = std::move(job.id),
                     .name = std::move(job.name),
                     .state = job.run_at ? job_state::delayed : job_state::waiting,
                     .data = std::move(job.data),
                     .created_at = job.created_at,
                     .run_at = job.run_at,
                     .options = job.options},
            .carrier = std::move(job.carrier),
            .place = job.options.lifo ? -number : number};
}

bool lease_is_over(const record& r, const claim_request& by) {
    return r.lease_until <= by.expired_before.value_or(by.now) || r.lease_until > saturating_add(by.now, longest_lease);
}

// Equals stay in the order in which they came.
std::vector<record*> sorted(const std::vector<record*>& all, auto by) {
    std::multimap<decltype(by(all.front())), record*> ordered;
    for (auto* each : all)
        ordered.emplace(by(each), each);
    std::vector<record*> result;
    for (const auto& [key, each] : ordered)
        result.push_back(each);
    return result;
}

} // namespace

struct memory_backend::storage {
    std::mutex mutex;
    records jobs;                                                     // all guarded by mutex
    std::map<std::pair<std::string, job_id>, records::iterator> keys; // queue and id
    std::map<std::string, std::uint64_t> last_served;                 // every queue there ever was, and its last turn
    std::int64_t numbers = 0;
    std::uint64_t turns = 0;
    std::vector<std::weak_ptr<arrivals>> handles;
    std::function<void(const job_info&, outcome::kind)> on_finish;

    std::vector<record*> in(job_state state, std::string_view queue = {}) {
        std::vector<record*> found;
        for (auto& [number, each] : jobs)
            if (each.info.state == state && (queue.empty() || each.info.queue == queue))
                found.push_back(&each);
        return found;
    }

    void tell(const names& queues) const {
        for (const auto& each : handles)
            if (const auto handle = each.lock())
                handle->publish(queues);
    }

    void wait_again(record& r, std::int64_t place) {
        r.info.state = job_state::waiting;
        r.info.run_at.reset();
        r.place = place;
    }

    added_job add(new_job job) {
        if (job.id.empty())
            job.id = std::to_string(numbers + 1);
        added_job added{.id = job.id};
        last_served.try_emplace(job.queue);
        const auto [place, is_new] = keys.try_emplace({job.queue, job.id});
        if (is_new) {
            const auto number = ++numbers;
            place->second = jobs.emplace(static_cast<std::uint64_t>(number), to_record(std::move(job), number)).first;
        }
        added.created = is_new;
        return added;
    }

    std::vector<job_key> rescue(const claim_request& by) {
        std::vector<job_key> rescued;
        for (auto* each : sorted(in(job_state::active), [](const record* r) { return r->lease_until; }))
            if (lease_is_over(*each, by)) {
                wait_again(*each, -++numbers);
                ++each->info.stalls;
                rescued.push_back({each->info.queue, each->info.id});
                tell({each->info.queue});
            }
        return rescued;
    }

    void promote(wall_time now) {
        for (auto* each : sorted(in(job_state::delayed), [](const record* r) { return *r->info.run_at; }))
            if (*each->info.run_at <= now) {
                wait_again(*each, ++numbers);
                tell({each->info.queue});
            }
    }

    claimed_job take(record& r, const claim_request& by) {
        r.info.state = job_state::active;
        r.info.started_at = by.now;
        r.token = "lease " + std::to_string(++numbers);
        r.lease_until = saturating_add(by.now, by.lease);
        ++r.info.fence;
        return {.held = {.job = {r.info.queue, r.info.id}, .fence = r.info.fence, .token = r.token},
                .name = r.info.name,
                .data = r.info.data,
                .options = r.info.options,
                .carrier = r.carrier,
                .attempts_made = r.info.attempts_made,
                .stalls = r.info.stalls};
    }

    void take_from(const std::string& queue, std::size_t most, const claim_request& by, claim_result& taken) {
        const auto waiting = sorted(in(job_state::waiting, queue),
                                    [](const record* r) { return std::pair(r->info.options.priority, r->place); });
        if (!waiting.empty() && most > 0)
            last_served[queue] = ++turns;
        for (std::size_t i = 0; i < std::min(most, waiting.size()); ++i)
            taken.jobs.push_back(take(*waiting[i], by));
    }

    // First an equal share for each queue that has something, then what is left; who waited longest comes first.
    void take_in_turns(const claim_request& by, claim_result& taken) {
        auto queues = by.queues;
        std::erase_if(queues, [this](const auto& queue) { return in(job_state::waiting, queue).empty(); });
        if (queues.empty())
            return;
        std::ranges::sort(queues, {}, [this](const auto& queue) { return std::pair(last_served[queue], queue); });
        for (const auto most : {std::max<std::size_t>(1, by.max / queues.size()), by.max})
            for (const auto& queue : queues)
                take_from(queue, std::min(most, by.max - taken.jobs.size()), by, taken);
    }

    std::optional<wall_time> next_due() {
        std::optional<wall_time> next;
        for (const auto& [number, each] : jobs) {
            const auto due = each.info.state == job_state::active ? std::optional(each.lease_until) : each.info.run_at;
            if (due && (!next || *due < *next))
                next = due;
        }
        return next;
    }

    record* held(const lease& by) {
        const auto found = keys.find({by.job.queue, by.job.id});
        if (found == keys.end())
            return nullptr;
        auto& r = found->second->second;
        return r.info.state == job_state::active && r.token == by.token ? &r : nullptr;
    }

    bool end(const outcome& o) {
        auto* r = held(o.held);
        if (!r)
            return false;
        r->info.attempts_made += o.as != outcome::kind::returned;
        if (!o.reason.empty())
            r->info.failed_reason = o.reason;
        if (o.as == outcome::kind::retry || o.as == outcome::kind::returned) {
            const bool in_front = o.as == outcome::kind::returned || r->info.options.lifo;
            wait_again(*r, in_front ? -++numbers : ++numbers);
            r->info.run_at = o.run_at;
            r->info.state = o.run_at ? job_state::delayed : job_state::waiting;
        } else {
            r->info.state = o.as == outcome::kind::completed ? job_state::completed : job_state::failed;
            r->info.finished_at = o.at;
            r->info.result = o.result;
        }
        if (on_finish)
            on_finish(r->info, o.as);
        forget_after(*r, o);
        return true;
    }

    void forget_after(const record& r, const outcome& o) {
        if (!r.info.finished_at)
            return;
        if (o.keep.count == 0u)
            forget(r);
        else
            forget_beyond(std::string(r.info.queue), r.info.state, o.keep, o.at);
    }

    void forget(const record& r) {
        const auto place = keys.find({r.info.queue, r.info.id});
        const auto job = place->second;
        keys.erase(place);
        jobs.erase(job);
    }

    std::size_t forget_beyond(const std::string& queue, job_state state, const keep& kept, wall_time now) {
        const auto finished = sorted(in(state, queue), [](const record* r) { return *r->info.finished_at; });
        const auto oldest = kept.age ? saturating_add(now, -*kept.age) : wall_time::min();
        const auto excess = finished.size() - std::min(finished.size(), kept.count.value_or(finished.size()));
        std::size_t gone = 0;
        while (gone < finished.size() && (gone < excess || *finished[gone]->info.finished_at < oldest))
            forget(*finished[gone++]);
        return gone;
    }

    queue_counts count(const std::string& queue) {
        const auto number = [&](job_state s) { return in(s, queue).size(); };
        return {.queue = queue,
                .waiting = number(job_state::waiting),
                .delayed = number(job_state::delayed),
                .active = number(job_state::active),
                .completed = number(job_state::completed),
                .failed = number(job_state::failed)};
    }

    // --- the verbs ---

    std::vector<added_job> enqueue(std::vector<new_job>& all) {
        std::vector<added_job> added;
        names touched;
        for (auto& each : all) {
            touched.insert(each.queue);
            added.push_back(add(std::move(each)));
        }
        tell(touched);
        return added;
    }

    claim_result claim(const claim_request& request) {
        claim_result result;
        result.rescued = rescue(request);
        promote(request.now);
        take_in_turns(request, result);
        if (result.jobs.size() < request.max)
            result.next_due = next_due();
        return result;
    }

    std::vector<renewal> extend(const std::vector<lease>& leases, wall_time until) {
        std::vector<renewal> still_held;
        for (const auto& each : leases) {
            auto* r = held(each);
            if (r)
                r->lease_until = until;
            still_held.push_back(r ? renewal::held : renewal::lost);
        }
        return still_held;
    }

    std::vector<bool> finish(const std::vector<outcome>& outcomes) {
        std::vector<bool> recorded;
        names touched;
        for (const auto& each : outcomes) {
            recorded.push_back(end(each));
            touched.insert(each.held.job.queue);
        }
        tell(touched);
        return recorded;
    }

    std::vector<std::optional<job_info>> get(const std::vector<job_key>& asked) const {
        std::vector<std::optional<job_info>> found(asked.size());
        for (std::size_t i = 0; i < asked.size(); ++i)
            for (const auto& [number, each] : jobs)
                if (!found[i] && each.info.id == asked[i].id &&
                    (asked[i].queue.empty() || asked[i].queue == each.info.queue))
                    found[i] = each.info;
        return found;
    }

    std::vector<queue_counts> counts(std::vector<std::string> queues) {
        if (queues.empty())
            for (const auto& [name, turn] : last_served)
                queues.push_back(name);
        std::vector<queue_counts> all;
        for (const auto& each : queues)
            all.push_back(count(each));
        return all;
    }

    std::size_t prune(const std::vector<prune_request>& requests) {
        std::size_t gone = 0;
        for (const auto& each : requests) {
            gone += forget_beyond(each.queue, job_state::completed, each.completed, each.now);
            gone += forget_beyond(each.queue, job_state::failed, each.failed, each.now);
        }
        return gone;
    }
};

namespace {

std::exception_ptr closed() {
    return std::make_exception_ptr(error(infra::errc::closed, "the queue's storage was stopped and does nothing more"));
}

// After a turn of the loop, as if the storage took its time: a caller that never stops asking holds nobody up. The frame
// keeps what it uses, since the backend may be gone by then.
template <class Storage, class F>
awaitable<std::invoke_result_t<F&, Storage&>> act(std::shared_ptr<Storage> on, std::shared_ptr<arrivals> open, F verb) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    if (open->is_closed())
        std::rethrow_exception(closed());
    const std::scoped_lock lock(on->mutex);
    co_return verb(*on);
}

template <class Storage>
awaitable<claim_result> claim_from(std::shared_ptr<Storage> on, std::shared_ptr<arrivals> open, claim_request request) {
    for (;;) {
        const auto seen = open->count();
        auto taken = co_await act(on, open, [&request](Storage& s) { return s.claim(request); });
        if (!waits_on(request, taken))
            co_return taken;
        co_await arrivals::wait(open, request.queues, seen);
        if (request.time)
            request.now = request.time->wall();
    }
}

} // namespace

memory_backend::memory_backend() : memory_backend(std::make_shared<storage>()) {}

memory_backend::memory_backend(std::shared_ptr<storage> shared)
    : storage_(std::move(shared)), arrivals_(std::make_shared<arrivals>()) {
    const std::scoped_lock lock(storage_->mutex);
    storage_->handles.push_back(arrivals_);
}

memory_backend::~memory_backend() { arrivals_->close(closed()); }

std::shared_ptr<memory_backend> memory_backend::open_again() const {
    return std::shared_ptr<memory_backend>(new memory_backend(storage_));
}

std::vector<job_info> memory_backend::jobs(const std::function<bool(const job_info&)>& which) const {
    const std::scoped_lock lock(storage_->mutex);
    std::vector<job_info> found;
    for (const auto& [number, each] : storage_->jobs)
        if (which(each.info))
            found.push_back(each.info);
    return found;
}

void memory_backend::on_finish(std::function<void(const job_info&, outcome::kind)> told) {
    const std::scoped_lock lock(storage_->mutex);
    storage_->on_finish = std::move(told);
}

awaitable<std::vector<added_job>> memory_backend::enqueue(std::vector<new_job> jobs) {
    return act(storage_, arrivals_, [jobs = std::move(jobs)](storage& s) mutable { return s.enqueue(jobs); });
}

awaitable<claim_result> memory_backend::claim(claim_request request) {
    return claim_from(storage_, arrivals_, std::move(request));
}

awaitable<std::vector<renewal>> memory_backend::extend(std::vector<lease> leases, wall_time until) {
    return act(storage_, arrivals_,
               [leases = std::move(leases), until](storage& s) { return s.extend(leases, until); });
}

awaitable<std::vector<bool>> memory_backend::finish(std::vector<outcome> outcomes) {
    return act(storage_, arrivals_, [outcomes = std::move(outcomes)](storage& s) { return s.finish(outcomes); });
}

awaitable<std::vector<std::optional<job_info>>> memory_backend::get(std::vector<job_key> keys) {
    return act(storage_, arrivals_, [keys = std::move(keys)](storage& s) { return s.get(keys); });
}

awaitable<std::vector<queue_counts>> memory_backend::counts(std::vector<std::string> queues) {
    return act(storage_, arrivals_, [queues = std::move(queues)](storage& s) { return s.counts(queues); });
}

awaitable<std::size_t> memory_backend::prune(std::vector<prune_request> requests) {
    return act(storage_, arrivals_, [requests = std::move(requests)](storage& s) { return s.prune(requests); });
}

awaitable<void> memory_backend::stop(deadline) {
    arrivals_->close(closed());
    co_return;
}

} // namespace infra::testing
