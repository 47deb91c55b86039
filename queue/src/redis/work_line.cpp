#include "work_line.hpp"

#include "held_jobs.hpp"
#include "store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr int most_calls = 2;
constexpr std::size_t most_ends = 100;     // of a call: so that none holds the server for longer than some 2 ms
constexpr std::size_t most_taken = 1000;   // likewise, where somebody wants so many at once
constexpr std::size_t most_turns = 10'000; // remembered

void deliver(std::shared_ptr<completion> done, std::exception_ptr failure = nullptr) {
    completion_batch one;
    one.add(std::move(done), std::move(failure));
    one.deliver();
}

std::exception_ptr aborted() {
    return std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
}

std::exception_ptr closed() {
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

void put_claim(work_request& into, const claim_operation& c, fair_turns& turns) {
    into.lease = c.asked.lease;
    into.worker = c.asked.worker.substr(0, max_worker_bytes);
    into.queues = turns.next(c.asked.queues);
    into.most = std::min(c.asked.max, most_taken);
    into.expired_before = c.asked.expired_before;
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

std::vector<std::string> fair_turns::next(std::vector<std::string> queues) {
    if (queues.size() < 2)
        return queues;
    if (last_.size() > most_turns)
        last_.clear();
    const auto turn_of = [&](const std::string& queue) {
        const auto found = last_.find(queue);
        return found == last_.end() ? 0 : found->second;
    };
    std::ranges::rotate(queues, std::ranges::min_element(queues, {}, turn_of));
    last_.insert_or_assign(queues.front(), ++turn_);
    return queues;
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
        return deliver(std::move(c), closed());
    claims_.push_back(std::move(c));
}

void work_line::see_to(const shared_store&, shared_finish f) {
    if (closed_)
        return deliver(std::move(f), closed());
    finishes_.push_back(std::move(f));
}

void work_line::see_to(const shared_store& s, withdrawal w) {
    w.of->withdrawn = true;
    if (std::erase(claims_, w.of) + std::size_t(waiting_.remove(w.of)) == 0)
        return; // it is under way, or has ended
    pass_on(s, *w.of);
    deliver(std::move(w.of), aborted());
}

void work_line::see_to(const shared_store&, closing c) {
    closed_ = true;
    bell_.close();
    completion_batch over;
    for (auto& each : waiting_.take_all())
        over.add(std::move(each), closed());
    for (auto& each : std::exchange(claims_, {}))
        over.add(std::move(each), closed());
    over.deliver();
    if (c.drained)
        drained_.push_back(*c.drained);
}

// --- Calls --------------------------------------------------------------------------------------------------------

void work_line::go_on(const shared_store& s) {
    while (under_way_ < most_calls && !(claims_.empty() && finishes_.empty()))
        start(s, next_batch(claims_, finishes_, most_ends));
    if (under_way_ > 0 || !closed_)
        return;
    for (const auto& each : std::exchange(drained_, {}))
        each.set_value();
}

void work_line::start(const shared_store& s, work_batch batch) {
    ++under_way_;
    if (batch.claim) {
        batch.claim->look_again = false;
        asked_.insert(batch.claim);
    }
    asio::co_spawn(at_.ex, perform(s, std::move(batch)), [](const std::exception_ptr&) {});
}

awaitable<void> work_line::perform(shared_store s, work_batch batch) {
    std::exception_ptr failure;
    std::string token;
    work_done done;
    try {
        const auto request = co_await request_of(s, batch);
        const auto call = call_work(s->options().prefix, request);
        done = read_work(call, co_await s->carry_out(call.command));
        token = request.token;
    } catch (...) {
        failure = std::current_exception();
    }
    --under_way_;
    asked_.erase(batch.claim);
    if (failure)
        end(s, std::move(batch), failure);
    else
        end(s, std::move(batch), std::move(done), token);
    go_on(s);
}

// Of an end whose lease this process did not give, or gave long ago, the hash says what is to be known.
awaitable<work_request> work_line::request_of(shared_store s, const work_batch& batch) {
    work_request request{.now = time_of(batch), .token = s->next_token()};
    if (batch.claim)
        put_claim(request, *batch.claim, turns_);
    std::vector<std::size_t> unknown;
    for (const auto& each : batch.finishes)
        for (const auto& end : each->outcomes) {
            auto known = s->held().take(end.held);
            if (!known)
                unknown.push_back(request.ended.size());
            request.ended.push_back({.end = end, .of = known.value_or(held_job{})});
        }
    if (!unknown.empty())
        co_await read_held(s, request.ended, unknown);
    co_return request;
}

void work_line::end(const shared_store& s, work_batch batch, std::exception_ptr failure) {
    completion_batch over;
    for (auto& each : batch.finishes)
        over.add(std::move(each), failure);
    if (batch.claim) {
        if (!batch.claim->woken_for.empty())
            bell_.ring_again(s, batch.claim->woken_for);
        over.add(std::move(batch.claim), failure);
    }
    over.deliver();
}

void work_line::end(const shared_store& s, work_batch batch, work_done done, const std::string& token) {
    auto next = done.recorded.begin();
    completion_batch over;
    for (auto& each : batch.finishes) {
        each->recorded.assign(next, next + static_cast<std::ptrdiff_t>(each->outcomes.size()));
        next += static_cast<std::ptrdiff_t>(each->outcomes.size());
        tell_who_waits(s, *each);
        over.add(std::move(each));
    }
    over.deliver();
    if (batch.claim)
        answer(s, batch.claim, done, token);
}

void work_line::answer(const shared_store& s, const shared_claim& c, work_done& done, const std::string& token) {
    c->found = {.rescued = std::move(done.rescued), .expired = std::move(done.expired), .next_due = done.again};
    for (auto& job : done.taken) {
        auto known = remember(job);
        c->found.jobs.push_back(to_claimed(std::move(job), token));
        s->held().put(c->found.jobs.back().held, std::move(known));
    }
    for (const auto& each : c->found.rescued)
        jobs_came(s, each.queue, 1); // others may take what this one had no room for
    if (c->withdrawn && took_nothing(c->found)) {
        pass_on(s, *c);
        return deliver(c, aborted());
    }
    if (!waits_on(c->asked, c->found))
        return deliver(c);
    if (closed_)
        return deliver(c, closed());
    wait_on(s, c);
}

void work_line::wait_on(const shared_store& s, shared_claim c) {
    if (c->asked.time)
        c->asked.now = c->asked.time->wall();
    c->woken_for.clear();
    if (c->look_again)
        return claims_.push_back(std::move(c));
    waiting_.add(std::move(c));
    bell_.listen_for(s, waiting_.queues());
}

// --- What may bring claims something ------------------------------------------------------------------------------

void work_line::ask_again(std::vector<shared_claim> woken) {
    for (auto& each : woken) {
        if (each->asked.time)
            each->asked.now = each->asked.time->wall();
        claims_.push_back(std::move(each));
    }
}

void work_line::jobs_came(const shared_store& s, std::string_view queue, std::size_t jobs) {
    auto woken = waiting_.take_for(queue, jobs);
    for (const auto& each : asked_)
        each->look_again = each->look_again || each->is_for(queue); // it may have looked before
    ask_again(std::move(woken));
    bell_.listen_for(s, waiting_.queues());
}

void work_line::something_is_due(const shared_store& s, std::string_view queue, wall_time at) {
    ask_again(waiting_.take_unaware(queue, at));
    for (const auto& each : asked_)
        each->look_again = each->look_again || each->is_for(queue);
    bell_.listen_for(s, waiting_.queues());
}

void work_line::came(const shared_store& s, std::span<const arrivals> what) {
    for (const auto& each : what) {
        if (each.jobs > 0)
            jobs_came(s, each.queue, each.jobs);
        if (each.due)
            something_is_due(s, each.queue, *each.due);
    }
    go_on(s);
}

void work_line::tell_who_waits(const shared_store& s, const finish_operation& f) {
    for (std::size_t i = 0; i < f.outcomes.size(); ++i) {
        const auto& end = f.outcomes[i];
        if (!f.recorded[i] || end.as == outcome::kind::completed || end.as == outcome::kind::failed ||
            end.as == outcome::kind::dropped)
            continue;
        if (end.run_at)
            something_is_due(s, end.held.job.queue, *end.run_at);
        else
            jobs_came(s, end.held.job.queue, 1);
    }
}

void work_line::rang(const shared_store& s, const std::string& queue) {
    if (!is_named(queue))
        bell_.ring_again(s, queue);
    jobs_came(s, queue, 1); // who takes one of several rings for the next
    go_on(s);
}

void work_line::told_of_due(const shared_store& s, const std::string& queue, wall_time at) {
    if (!is_named(queue))
        return bell_.ring_again_later(s, queue, at);
    promised_.insert_or_assign(queue, at);
    something_is_due(s, queue, at);
    go_on(s);
}

void work_line::look(const shared_store& s) {
    ask_again(waiting_.take_all());
    go_on(s);
}

bool work_line::is_named(std::string_view queue) const {
    const auto names = [&](const shared_claim& c) { return c->is_for(queue); };
    return waiting_.wait_for(queue) || std::ranges::any_of(claims_, names) || std::ranges::any_of(asked_, names);
}

// What it was woken for is for the next one, here or elsewhere.
void work_line::pass_on(const shared_store& s, const claim_operation& gone) {
    if (!gone.woken_for.empty())
        rang(s, gone.woken_for);
    for (const auto& queue : gone.asked.queues) {
        const auto promise = promised_.find(queue);
        if (promise == promised_.end() || is_named(queue))
            continue;
        if (promise->second > gone.asked.now)
            bell_.ring_again_later(s, queue, promise->second);
        promised_.erase(promise);
    }
    bell_.listen_for(s, waiting_.queues());
}

} // namespace infra::queue::redis_backend
