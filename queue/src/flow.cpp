#include <infra/queue/flow.hpp>

#include "instruments.hpp"
#include "to_store.hpp"

#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <stdexcept>

namespace infra::queue {
namespace {

struct destination {
    std::string queue;
    job_options options;
};

// By name, what the definition says if there is one here.
destination destination_of(detail::flow_job& one, const registry& known_here) {
    if (one.queue)
        return {*one.queue, one.defaults};
    const auto known = known_here.find(one.job.name);
    if (!known) {
        check_name("flow: the job's name", one.job.name);
        return {one.job.name, {}};
    }
    if (const auto why = known->misfit(*std::exchange(one.job.unchecked, {})))
        throw detail::misfit_error(one.job.name, *why);
    return {known->queue, known->options};
}

new_job stored_form(detail::flow_job one, const registry& known_here, const origin& from, std::size_t max_bytes) {
    auto [queue, options] = destination_of(one, known_here);
    const auto how = checked(std::move(options), one.options);
    return to_store(std::move(one.job), one.options.queue.value_or(queue), how, one.options, from, max_bytes);
}

void count_created(const std::vector<new_job>& all, const std::vector<added_job>& added) {
    std::map<std::string_view, std::size_t> created;
    for (std::size_t i = 0; i < all.size(); ++i)
        created[all[i].queue] += added[i].created();
    for (const auto& [queue, number] : created)
        if (number > 0)
            instruments_of(std::string(queue)).enqueued.add(static_cast<double>(number));
}

} // namespace

flow& flow::child(flow one, child_failure on_failure) & {
    if (jobs_.size() + one.jobs_.size() > max_flow_jobs)
        throw std::invalid_argument("queue::flow holds at most " + std::to_string(max_flow_jobs) + " jobs");
    first();
    one.first().on_failure = on_failure;
    const auto moved_by = jobs_.size();
    for (auto& each : one.jobs_)
        each.parent += moved_by;
    one.first().parent = 0;
    std::ranges::move(one.jobs_, std::back_inserter(jobs_));
    return *this;
}

const detail::flow_job& flow::first() const {
    if (jobs_.empty())
        throw std::invalid_argument("queue::flow: this one was moved from and holds no job any more");
    return jobs_.front();
}

flow& flow::children(std::vector<flow> all, child_failure on_failure) & {
    for (auto& each : all)
        child(std::move(each), on_failure);
    return *this;
}

detail::flow_job flow::by_name(std::string_view name, json::value data, enqueue_options options) {
    auto text = json::to_text(data);
    return {.job = {std::string(name), std::move(text), std::move(data)}, .options = std::move(options)};
}

flow chain(std::vector<flow> steps) {
    if (steps.empty())
        throw std::invalid_argument("queue::chain needs a step");
    if (std::ranges::any_of(steps.begin() + 1, steps.end(), [](const flow& each) { return each.size() > 1; }))
        throw std::invalid_argument("queue::chain: only the first step may have children, which run before it");
    return flow::linked(std::move(steps));
}

// Backwards, so that each is appended once to the one that follows it.
flow flow::linked(std::vector<flow> steps) {
    std::size_t jobs = 0;
    for (const auto& each : steps) {
        each.first();
        jobs += each.size();
    }
    if (jobs > max_flow_jobs)
        throw std::invalid_argument("queue::chain holds at most " + std::to_string(max_flow_jobs) + " jobs");
    flow all = std::move(steps.back());
    for (auto each = std::next(steps.rbegin()); each != steps.rend(); ++each) {
        const auto moved_by = all.jobs_.size();
        for (auto& job : each->jobs_)
            job.parent += moved_by;
        each->first().parent = moved_by - 1;
        std::ranges::move(each->jobs_, std::back_inserter(all.jobs_));
    }
    return all;
}

// --- adding them --------------------------------------------------------------------------------------------------

awaitable<job_id> queue::enqueue_flow(flow what) const {
    std::vector<flow> one;
    one.push_back(std::move(what));
    return add_flow(state_, std::move(one));
}

awaitable<void> queue::enqueue_children(const job_context& of, std::vector<flow> children,
                                        child_failure on_failure) const {
    return add_children(state_, child_of{.parent = of.held().job, .on_failure = on_failure, .token = of.held().token},
                        std::move(children));
}

awaitable<job_id> queue::add_flow(shared s, std::vector<flow> one) {
    co_return (co_await add_flows(std::move(s), std::move(one), std::nullopt)).front();
}

awaitable<void> queue::add_children(shared s, child_of as, std::vector<flow> children) {
    if (!children.empty())
        co_await add_flows(std::move(s), std::move(children), std::move(as));
}

/// The ids of their first jobs.
awaitable<std::vector<job_id>> queue::add_flows(shared s, std::vector<flow> flows, std::optional<child_of> as) {
    for (const auto& each : flows)
        each.first();
    const auto& first = flows.front().first();
    const auto wait_for_room = first.options.wait_for_room;
    telemetry::span span("add flow " + first.job.name, span_kind::producer);
    const origin from{s->time->wall(), to_carrier(inject())};
    std::vector<new_job> all;
    std::vector<std::size_t> firsts;
    std::vector<added_job> added;
    try {
        for (auto& each : flows) {
            const auto base = all.size();
            firsts.push_back(base);
            for (auto& one : each.jobs_) {
                auto parent =
                    all.size() == base ? as : child_of{.place = base + one.parent, .on_failure = one.on_failure};
                all.push_back(stored_form(std::move(one), *s->jobs, from, s->options.max_payload_bytes));
                all.back().parent = std::move(parent);
            }
        }
        span.set({{"messaging.system", "infra"}, {"messaging.batch.message_count", all.size()}});
        added = co_await store(*s, all, wait_for_room);
    } catch (const std::exception& e) {
        span.fail(e.what());
        throw;
    }
    count_created(all, added);
    std::vector<job_id> ids;
    for (const auto place : firsts)
        ids.push_back(std::move(added[place].id));
    co_return ids;
}

} // namespace infra::queue
