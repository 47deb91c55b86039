// What may bring claims that wait something, and who is asked again then.

#include "work_line.hpp"

#include "store.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {

void work_line::ask_again(std::vector<shared_claim> woken) {
    for (auto& each : woken) {
        if (each->asked.time)
            each->asked.now = each->asked.time->wall();
        claims_.push_back(std::move(each));
    }
}

void work_line::jobs_came(const shared_store& s, std::string_view queue, std::size_t jobs) {
    wake(s, queue, waiting_.take_for(queue, jobs));
}

void work_line::something_is_due(const shared_store& s, std::string_view queue, wall_time at) {
    last_look_.must_look();
    wake(s, queue, waiting_.take_unaware(queue, at));
}

// Those that are under way may have looked before it came.
void work_line::wake(const shared_store& s, std::string_view queue, std::vector<shared_claim> woken) {
    for (const auto& each : asked_)
        each->look_again = each->look_again || each->is_for(queue);
    if (woken.empty())
        return;
    ask_again(std::move(woken));
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

// Who takes one of several rings for the next.
void work_line::rang(const shared_store& s, const std::string& queue) {
    last_look_.must_look();
    auto woken = waiting_.take_for(queue, 1);
    if (woken.empty()) {
        if (const auto c = one_that_is_asked_for(queue))
            c->rung.insert(queue);
        else
            bell_.ring_again(s, queue);
    }
    wake(s, queue, std::move(woken));
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
    return waiting_.wait_for(queue) || one_that_is_asked_for(queue);
}

shared_claim work_line::one_that_is_asked_for(std::string_view queue) const {
    const auto names = [&](const shared_claim& c) { return c->is_for(queue) && !c->withdrawn; };
    if (const auto next = std::ranges::find_if(claims_, names); next != claims_.end())
        return *next;
    const auto asked = std::ranges::find_if(asked_, names);
    return asked == asked_.end() ? nullptr : *asked;
}

void work_line::pass_on(const shared_store& s, const claim_operation& gone) {
    for (const auto& queue : gone.rung)
        rang(s, queue);
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
