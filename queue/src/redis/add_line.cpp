#include "add_line.hpp"

#include "add_jobs.hpp"
#include "naming.hpp"
#include "plain_add.hpp"
#include "replicas.hpp"
#include "store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>

namespace infra::queue::redis_backend {
namespace {

// So that none holds the server for long.
constexpr std::size_t jobs_of_a_call = most_jobs_of_call / 2;
constexpr std::size_t bytes_of_a_call = 1024 * 1024;

std::size_t bytes_of(const std::vector<new_job>& jobs) {
    std::size_t bytes = 0;
    for (const auto& each : jobs)
        bytes += sizeof(new_job) + each.queue.size() + each.id.size() + each.name.size() + each.data.size() +
                 each.carrier.size() + each.group.size();
    return bytes;
}

bool is_delayed(const new_job& job) { return job.run_at && *job.run_at > job.created_at; }

arrivals& arrivals_at(std::vector<arrivals>& all, const std::string& queue) {
    const auto found = std::ranges::find(all, queue, &arrivals::queue);
    return found == all.end() ? all.emplace_back(arrivals{.queue = queue}) : *found;
}

} // namespace

add_operation::add_operation(const executor& ex, std::vector<new_job> what)
    : completion(ex), jobs(std::move(what)), bytes(bytes_of(jobs)) {}

std::size_t most_of_next_add(std::size_t waiting, bool is_idle) {
    constexpr std::size_t few = 16;
    return is_idle && waiting > few ? std::min(jobs_of_a_call, waiting / 2) : jobs_of_a_call;
}

std::vector<shared_add> next_adds(std::deque<shared_add>& waiting, std::size_t most_jobs, std::size_t most_bytes) {
    std::vector<shared_add> next;
    std::size_t jobs = 0, bytes = 0;
    for (; !waiting.empty(); waiting.pop_front()) {
        jobs += waiting.front()->jobs.size();
        bytes += waiting.front()->bytes;
        if (!next.empty() && (jobs > most_jobs || bytes > most_bytes))
            break;
        next.push_back(std::move(waiting.front()));
    }
    return next;
}

std::vector<arrivals> arrivals_of(const add_operation& done) {
    std::vector<arrivals> all;
    for (std::size_t i = 0; i < done.added.size(); ++i) {
        const auto& job = done.jobs[i];
        if (!done.added[i].created())
            continue;
        auto& there = arrivals_at(all, job.queue);
        if (!is_delayed(job))
            ++there.jobs;
        else if (!there.due || *job.run_at < *there.due)
            there.due = job.run_at;
    }
    return all;
}

// --- From any thread ----------------------------------------------------------------------------------------------

void add_line::make_room_for(const store& s, const add_operation& what) {
    const bool has_room = operations_ < s.options().max_waiting && bytes_ + what.bytes <= s.options().max_waiting_bytes;
    if (operations_ > 0 && !has_room) // what is too large by itself goes alone
        throw error(infra::errc::overloaded,
                    "too many jobs wait to be added to the queue's storage: add them more slowly, or raise "
                    "redis_queue_options::max_waiting or max_waiting_bytes");
}

void add_line::post(shared_store s, shared_add what) {
    make_room_for(*s, *what);
    ++operations_;
    bytes_ += what->bytes;
    inbox_.bring({.add = std::move(what)}, [this, kept = std::move(s)] { see_to_all(kept); });
}

void add_line::drain(shared_store s, promise<void> drained) {
    inbox_.bring({.drained = std::move(drained)}, [this, kept = std::move(s)] { see_to_all(kept); });
}

// --- Calls --------------------------------------------------------------------------------------------------------

namespace {

std::vector<const job_group*> groups_of(const std::vector<shared_add>& all) {
    std::vector<const job_group*> groups;
    for (const auto& each : all)
        groups.push_back(&each->jobs);
    return groups;
}

// Null where it was added.
std::exception_ptr take_added(add_operation& into, group_added done) {
    if (done.refused)
        return std::make_exception_ptr(*done.refused);
    into.added = std::move(done.added);
    return nullptr;
}

awaitable<std::exception_ptr> add_large(shared_store s, shared_add one, receipt as) {
    auto laid_down = lay_down(s->options().prefix, one->jobs, s->next_token(), as);
    for (auto& piece : laid_down.pieces)
        for (const auto& each : co_await s->carry_out_as_one(std::move(piece)))
            throw_if_refused(each);
    const std::array<const job_group*, 1> group{&one->jobs};
    co_return take_added(*one, read_added(group, co_await s->carry_out(std::move(laid_down.add))).at(0));
}

std::vector<std::string> queues_of_adds(const std::vector<shared_add>& all) {
    std::vector<std::string> queues;
    for (const auto& each : all)
        for (const auto& job : each->jobs)
            if (std::ranges::find(queues, job.queue) == queues.end())
                queues.push_back(job.queue);
    return queues;
}

// Where the queue turns out to have limits or the like, it is asked again a moment later: who set them may take them away.
awaitable<std::optional<std::vector<group_added>>> add_plainly(shared_store s, std::vector<const job_group*> groups,
                                                               receipt as) {
    const auto& queue = groups.front()->front().queue;
    if (!s->known().takes_plain(queue, s->time().steady()) || !are_plain(groups))
        co_return std::nullopt;
    auto added = read_plainly_added(groups, co_await s->carry_out(plain_add_command(s->options().prefix, groups, as)));
    if (!added)
        s->known().takes_more(queue, s->time().steady());
    co_return added;
}

awaitable<std::vector<group_added>> add_together(shared_store s, std::vector<const job_group*> groups, receipt as) {
    if (auto added = co_await add_plainly(s, groups, as))
        co_return *std::move(added);
    co_return read_added(groups, co_await s->carry_out(add_command(s->options().prefix, groups, as)));
}

/// Of each why it was not added.
awaitable<std::vector<std::exception_ptr>> add_all(shared_store s, std::vector<shared_add> all, receipt as) {
    std::vector<std::exception_ptr> failures(all.size());
    co_await make_known(s, queues_of_adds(all));
    if (all.size() == 1 && !fits_one_call(all.front()->jobs)) {
        failures[0] = co_await add_large(s, all.front(), std::move(as));
        co_return failures;
    }
    auto done = co_await add_together(s, groups_of(all), std::move(as));
    for (std::size_t i = 0; i < all.size(); ++i)
        failures[i] = take_added(*all[i], std::move(done[i]));
    co_return failures;
}

} // namespace

// --- On the loop --------------------------------------------------------------------------------------------------

void add_line::see_to_all(const shared_store& s) {
    for (auto& each : inbox_.take()) {
        if (each.add)
            waiting_.push_back(std::move(each.add));
        if (each.drained)
            drained_.push_back(*each.drained);
    }
    go_on(s);
}

std::size_t add_line::most_of_next() const {
    std::size_t jobs = 0;
    for (const auto& each : waiting_)
        jobs += each->jobs.size();
    return most_of_next_add(jobs, lanes_.all_free());
}

void add_line::start(const shared_store& s) {
    const auto most = most_of_next();
    auto as = lanes_.take(s->keys(waiting_.front()->jobs.front().queue).ours("adds:" + s->process()));
    auto next = next_adds(waiting_, most, bytes_of_a_call);
    asio::co_spawn(at_.ex, perform(s, std::move(next), std::move(as)), [](const std::exception_ptr&) {});
}

// One at a time: what the server reads at once it answers at once.
void add_line::go_on(const shared_store& s) {
    if (lanes_.any_free() && !waiting_.empty() && !std::exchange(is_about_to_start_, true))
        asio::post(at_.ex, [this, s] {
            is_about_to_start_ = false;
            if (lanes_.any_free() && !waiting_.empty())
                start(s);
            go_on(s);
        });
    if (lanes_.all_free() && waiting_.empty())
        for (const auto& each : std::exchange(drained_, {}))
            each.set_value();
}

awaitable<void> add_line::perform(shared_store s, std::vector<shared_add> all, receipt as) {
    std::vector<std::exception_ptr> failures(all.size());
    try {
        failures = co_await add_all(s, all, as);
        co_await wait_for_replicas(s, all.front()->jobs.front().queue, as);
    } catch (...) {
        std::ranges::fill(failures, std::current_exception());
    }
    lanes_.give_back(as);
    end(s, std::move(all), std::move(failures));
    go_on(s);
}

void add_line::end(const shared_store& s, std::vector<shared_add> all, std::vector<std::exception_ptr> failures) {
    completion_batch over;
    for (std::size_t i = 0; i < all.size(); ++i) {
        --operations_;
        bytes_ -= all[i]->bytes;
        if (!failures[i])
            workers_.came(s, arrivals_of(*all[i]));
        over.add(std::move(all[i]), failures[i]);
    }
    over.deliver();
}

} // namespace infra::queue::redis_backend
