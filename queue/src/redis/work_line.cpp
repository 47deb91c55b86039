#include "work_line.hpp"

#include "held_jobs.hpp"
#include "store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <iterator>

namespace infra::queue::redis_backend {
namespace {

constexpr std::size_t most_ends = 100;   // of a call: so that none holds the server for longer than some 2 ms
constexpr std::size_t most_taken = 1000; // likewise, where somebody wants so many at once
constexpr std::chrono::milliseconds before_reading_again{100};

void deliver(std::shared_ptr<completion> done, std::exception_ptr failure = nullptr) {
    completion_batch one;
    one.add(std::move(done), std::move(failure));
    one.deliver();
}

std::exception_ptr aborted() {
    return std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
}

std::exception_ptr line_closed() {
    return std::make_exception_ptr(error(infra::errc::closed, "the queue's storage was stopped and does nothing more"));
}

bool took_nothing(const claim_result& r) { return r.jobs.empty() && r.rescued.empty() && r.expired.empty(); }

wall_time time_of(const work_batch& batch) {
    wall_time latest = batch.claim ? batch.claim->asked.now : wall_time::min();
    for (const auto& each : batch.finishes)
        for (const auto& end : each->outcomes)
            latest = std::max(latest, end.at);
    return latest;
}

const std::string& first_queue_of(const work_batch& batch) {
    return batch.claim ? batch.claim->asked.queues.front() : batch.finishes.front()->outcomes.front().held.job.queue;
}

// Of an end whose lease this process did not give, or gave long ago, the hash says what is to be known.
awaitable<std::vector<ended_job>> with_held(shared_store s, std::vector<ended_job> ended) {
    std::vector<std::size_t> unknown;
    for (std::size_t i = 0; i < ended.size(); ++i)
        if (auto known = s->held().take(ended[i].end.held))
            ended[i].of = *std::move(known);
        else
            unknown.push_back(i);
    if (unknown.empty())
        co_return ended;
    co_return co_await read_held(s, std::move(ended), std::move(unknown));
}

void put_claim(work_request& into, const claim_operation& c, fair_turns& turns) {
    into.lease = c.asked.lease;
    into.worker = (c.asked.name.empty() ? c.asked.worker : c.asked.name).substr(0, max_worker_bytes);
    into.queues = turns.next(c.asked.queues);
    into.most = std::min(c.asked.max, most_taken);
    into.expired_before = c.asked.expired_before;
    into.max_stalls = c.asked.max_stalls;
}

} // namespace

work_batch next_batch(std::deque<shared_claim>& claims, std::deque<shared_finish>& finishes, std::size_t most) {
    work_batch batch;
    if (!claims.empty()) {
        batch.claim = std::move(claims.front());
        claims.pop_front();
    }
    for (std::size_t ends = 0; !finishes.empty(); finishes.pop_front()) {
        ends += finishes.front()->outcomes.size();
        if (ends > most && !batch.finishes.empty())
            break;
        batch.finishes.push_back(std::move(finishes.front()));
    }
    return batch;
}

// --- What comes from other threads --------------------------------------------------------------------------------

void work_line::bring(shared_store s, errand what) {
    inbox_.bring(std::move(what), [this, kept = std::move(s)] { see_to_all(kept); });
}

void work_line::see_to_all(const shared_store& s) {
    for (auto& each : inbox_.take())
        std::visit([&](auto& what) { see_to(s, std::move(what)); }, each);
    go_on(s);
}

void work_line::see_to(const shared_store&, shared_claim c) {
    if (closed_)
        return deliver(std::move(c), line_closed());
    claims_.push_back(std::move(c));
}

void work_line::see_to(const shared_store&, shared_finish f) {
    if (closed_)
        return deliver(std::move(f), line_closed());
    finishes_.push_back(std::move(f));
}

void work_line::see_to(const shared_store& s, withdrawal w) {
    w.of->withdrawn = true;
    if (std::erase(claims_, w.of) + std::size_t(waiting_.remove(w.of)) == 0)
        return; // it is under way, or has ended
    pass_on(s, *w.of);
    deliver(std::move(w.of), aborted());
}

void work_line::see_to(const shared_store& s, closing c) {
    closed_ = true;
    bell_.close();
    ring_for_others(s);
    completion_batch over;
    for (auto& each : waiting_.take_all())
        over.add(std::move(each), line_closed());
    for (auto& each : std::exchange(claims_, {}))
        over.add(std::move(each), line_closed());
    over.deliver();
    if (c.drained)
        drained_.push_back(*c.drained);
}

// What was heard here and nobody here will look for.
void work_line::ring_for_others(const shared_store& s) {
    for (const auto& each : claims_)
        for (const auto& queue : each->rung)
            bell_.ring_again(s, queue);
    for (const auto& [queue, at] : std::exchange(promised_, {}))
        if (at > s->time().wall())
            bell_.ring_again_later(s, queue, at);
}

// --- Calls --------------------------------------------------------------------------------------------------------

void work_line::go_on(const shared_store& s) {
    while (lanes_.any_free() && !(claims_.empty() && finishes_.empty()))
        start(s, next_batch(claims_, finishes_, most_ends));
    if (!lanes_.all_free() || reads_ > 0 || !closed_)
        return;
    for (const auto& each : std::exchange(drained_, {}))
        each.set_value();
}

void work_line::start(const shared_store& s, work_batch batch) {
    if (batch.claim) {
        batch.claim->look_again = false;
        batch.claim->looked_for = std::exchange(batch.claim->rung, {});
        asked_.insert(batch.claim);
        sweep_if_due(s, batch.claim->asked);
    }
    auto as = lanes_.take(s->keys(first_queue_of(batch)).ours("work:" + s->process()));
    asio::co_spawn(at_.ex, perform(s, std::move(batch), std::move(as)), [](const std::exception_ptr&) {});
}

awaitable<void> work_line::perform(shared_store s, work_batch batch, receipt as) {
    std::exception_ptr failure;
    std::string token;
    work_done done;
    try {
        auto request = request_of(*s, batch, as);
        request.ended = co_await with_held(s, std::move(request.ended));
        const auto began = s->time().steady();
        last_look_.spare(request, lanes_.one_taken(), began);
        const auto call = call_work(s->options().prefix, request);
        done = read_work(call, co_await s->carry_out(call.command));
        last_look_.note(request, done, began);
        token = request.token;
    } catch (...) {
        failure = std::current_exception();
    }
    lanes_.give_back(as);
    asked_.erase(batch.claim);
    if (failure) {
        fail(s, std::move(batch), failure);
    } else {
        end(s, batch.finishes, done);
        if (batch.claim)
            co_await read_and_answer(s, std::move(batch.claim), std::move(done), std::move(token));
    }
    go_on(s);
}

work_request work_line::request_of(store& s, const work_batch& batch, receipt as) {
    work_request request{.now = time_of(batch), .token = s.next_token(), .as = std::move(as)};
    if (batch.claim)
        put_claim(request, *batch.claim, turns_);
    for (const auto& each : batch.finishes)
        for (const auto& end : each->outcomes)
            request.ended.push_back({.end = end});
    return request;
}

void work_line::fail(const shared_store& s, work_batch batch, std::exception_ptr failure) {
    last_look_.forget();
    completion_batch over;
    for (auto& each : batch.finishes)
        over.add(std::move(each), failure);
    over.deliver();
    if (!batch.claim)
        return;
    batch.claim->rung.merge(batch.claim->looked_for);
    end(s, batch.claim, failure);
}

// What it was told of meanwhile is for the next one, here or elsewhere.
void work_line::end(const shared_store& s, const shared_claim& c, std::exception_ptr failure) {
    pass_on(s, *c);
    deliver(c, std::move(failure));
}

void work_line::end(const shared_store& s, std::vector<shared_finish>& finishes, const work_done& done) {
    auto next = done.recorded.begin();
    completion_batch over;
    for (auto& each : finishes) {
        each->recorded.assign(next, next + static_cast<std::ptrdiff_t>(each->outcomes.size()));
        next += static_cast<std::ptrdiff_t>(each->outcomes.size());
        tell_who_waits(s, *each);
        over.add(std::move(each));
    }
    over.deliver();
}

// What it took unread is asked for while the next calls go on.
awaitable<void> work_line::read_and_answer(shared_store s, shared_claim c, work_done done, std::string token) {
    std::exception_ptr failure;
    if (!done.unread.empty()) {
        ++reads_;
        go_on(s);
        try {
            done.taken = co_await read_unread(s, std::move(done.unread), c->asked.lease / 3);
        } catch (...) {
            failure = std::current_exception(); // they are somebody's again once their leases are over
        }
        --reads_;
    }
    if (failure)
        end(s, c, failure);
    else
        answer(s, c, done, token);
}

// They are ours for as long as their leases last. If they were given up at the first trouble, each would count as stalled.
awaitable<std::vector<stored_job>> work_line::read_unread(shared_store s, std::vector<job_key> unread,
                                                          std::chrono::milliseconds patience) {
    const auto until = saturating_add(s->time().steady(), patience);
    while (true) {
        try {
            auto hashes = co_await s->carry_out(read_commands(s->options().prefix, unread));
            co_return read_taken(unread, std::move(hashes));
        } catch (const error& e) {
            const bool passes = e.code() == errc::unavailable || e.code() == infra::errc::overloaded;
            if (!passes || closed_ || s->time().steady() >= until)
                throw;
        }
        co_await s->time().sleep_for(before_reading_again);
    }
}

void work_line::answer(const shared_store& s, const shared_claim& c, work_done& done, const std::string& token) {
    c->found = {.rescued = std::move(done.rescued), .expired = std::move(done.expired), .next_due = done.again};
    for (auto& job : done.taken) {
        auto known = remember(job);
        c->found.jobs.push_back(to_claimed(std::move(job), token));
        s->held().put(c->found.jobs.back().held, std::move(known));
    }
    std::ranges::move(std::exchange(swept_, {}), std::back_inserter(c->found.rescued));
    for (const auto& each : c->found.rescued)
        jobs_came(s, each.queue, 1); // others may take what this one had no room for
    if (c->withdrawn && took_nothing(c->found))
        return end(s, c, aborted());
    if (!waits_on(c->asked, c->found))
        return end(s, c);
    if (closed_)
        return end(s, c, line_closed());
    wait_on(s, c);
}

void work_line::wait_on(const shared_store& s, shared_claim c) {
    if (c->asked.time)
        c->asked.now = c->asked.time->wall();
    if (c->look_again)
        return claims_.push_back(std::move(c));
    waiting_.add(std::move(c));
    bell_.listen_for(s, waiting_.queues());
}

void work_line::sweep_if_due(const shared_store& s, const claim_request& r) {
    sweeper_.claimed_from(r.queues, r.max_stalls);
    if (sweeper_.is_due(s->time().steady(), s->options().stalled_interval))
        asio::co_spawn(at_.ex,
                       sweep(s, {.queues = sweeper_.take_queues(),
                                 .now = r.now,
                                 .interval = s->options().stalled_interval,
                                 .max_stalls = sweeper_.max_stalls()}),
                       [](const std::exception_ptr&) {});
}

awaitable<void> work_line::sweep(shared_store s, sweep_request request) {
    try {
        const auto rescued = read_swept(request, co_await s->ask(sweep_command(s->options().prefix, request)));
        for (const auto& each : rescued)
            jobs_came(s, each.queue, 1);
        swept_.insert(swept_.end(), rescued.begin(), rescued.end());
        go_on(s);
    } catch (const boost::system::system_error&) { // another process does, or this one the next time
    }
}

} // namespace infra::queue::redis_backend
