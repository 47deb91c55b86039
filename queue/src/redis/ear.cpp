#include "ear.hpp"

#include "store.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/queue/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <atomic>

namespace infra::queue::redis_backend {
namespace {

using kind = job_event::kind;

constexpr int most_entries_at_once = 1000;        // of a stream, in one answer
constexpr std::string_view many_went = "cleaned"; // BullMQ's word for jobs that were removed and are not named

std::uint64_t next_number() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

std::exception_ptr ear_closed() {
    return std::make_exception_ptr(
        error(infra::errc::closed, "the queue's storage was stopped and tells nothing more"));
}

bool is_end(const job_event& e) {
    return e.what == kind::completed || e.what == kind::failed || e.what == kind::removed;
}

awaitable<void> send_poke(shared_store s, redis::batch what) {
    try {
        co_await s->ask(std::move(what));
    } catch (const boost::system::system_error&) { // who listens comes back by himself before long
    }
}

awaitable<void> pause(shared_store s) {
    try {
        co_await s->time().sleep_until(saturating_add(s->time().steady(), pause_after_loss));
    } catch (const boost::system::system_error&) { // told to end
    }
}

} // namespace

// --- From any thread -------------------------------------------------------------------------------------------------

hearing::hearing(shared_store s, ear& by, wish w, const executor& on)
    : store_(std::move(s)), by_(by), begun_(on), heard_(on), queue_(w.queue), number_(next_number()) {
    by_.bring(store_, ear::listener{number_, std::move(w), begun_, heard_});
}

hearing::~hearing() { by_.bring(store_, ear::gone{number_, queue_}); }

void ear::close(const shared_store& s) { bring(s, closing{}); }

void ear::bring(const shared_store& s, message m) {
    brought_.bring(std::move(m), [this, s] { look(s); });
}

// --- On the loop: who wants to hear ------------------------------------------------------------------------------------

void ear::look(const shared_store& s) {
    for (auto& each : brought_.take())
        std::visit([&](auto& what) { see_to(s, std::move(what)); }, each);
}

void ear::see_to(const shared_store& s, listener added) {
    if (closed_) {
        added.begun.set_exception(ear_closed());
        added.heard.set_exception(ear_closed());
        return;
    }
    const auto [place, is_new] = queues_.try_emplace(added.wanted.queue, added.wanted.after);
    added.begun.set_value(place->second.read_to);
    auto whom = added.wanted.end_of;
    place->second.by_job.emplace(std::move(whom), std::move(added));
    if (!listens_)
        start(s);
    else if (std::ranges::find(blocked_, place->first) == blocked_.end())
        poke(s);
}

void ear::see_to(const shared_store&, const gone& left) {
    if (const auto of = queues_.find(left.queue); of != queues_.end())
        std::erase_if(of->second.by_job, [&](const auto& each) { return each.second.number == left.number; });
}

void ear::see_to(const shared_store&, closing) {
    closed_ = true;
    for (auto& [queue, of] : queues_)
        for (auto& [whom, each] : of.by_job)
            each.heard.set_exception(ear_closed());
    queues_.clear();
    if (listens_ && has_begun_)
        stop_->emit(asio::cancellation_type::terminal);
}

// --- On the loop: the connection -----------------------------------------------------------------------------------------

void ear::start(const shared_store& s) {
    listens_ = true;
    has_begun_ = false;
    stop_ = std::make_shared<asio::cancellation_signal>();
    // Kept to the very end: Asio touches the slot once more when the coroutine is over.
    auto ended = [kept = stop_](const std::exception_ptr&) {};
    asio::co_spawn(at_.ex, listen(s), asio::bind_cancellation_slot(stop_->slot(), std::move(ended)));
}

void ear::poke(const shared_store& s) {
    if (poked_ || blocked_.empty())
        return;
    redis::batch all{{"XADD", poke_key_, "MAXLEN", 1, "*", "poke", ""}, {"PEXPIRE", poke_key_, poke_lasts.count()}};
    all.again(redis::replay::idempotent);
    asio::co_spawn(at_.ex, send_poke(s, std::move(all)), [](const std::exception_ptr&) {});
    poked_ = true;
}

awaitable<void> ear::listen(shared_store s) {
    has_begun_ = true;
    while (!queues_.empty() && !closed_) {
        std::string problem;
        try {
            co_await listen_on_a_connection(s);
        } catch (const boost::system::system_error& e) {
            problem = e.what();
        }
        blocked_.clear();
        if (problem.empty() || closed_)
            continue;
        telemetry::log(level::debug, "queue", "the connection on which a queue is followed was lost",
                       {{"server", s->server()}, {"why", problem}});
        co_await pause(s);
    }
    listens_ = false;
}

// Returns once nobody wants to hear more. After a loss it goes on where it was.
awaitable<void> ear::listen_on_a_connection(shared_store s) {
    const auto own = co_await s->lease_for(queues_.begin()->first);
    while (!closed_) {
        forget_what_nobody_follows();
        if (queues_.empty())
            co_return;
        auto answer = co_await own.execute(command_for(*s));
        redis::throw_if_error(answer);
        hear(*s, read_streams(std::move(answer)));
    }
}

void ear::forget_what_nobody_follows() {
    std::erase_if(queues_, [](const auto& each) { return each.second.by_job.empty(); });
}

redis::command ear::command_for(const store& s) {
    blocked_.clear();
    poked_ = false;
    poke_key_ = s.keys(queues_.begin()->first).ours("ear:" + s.process());
    redis::command c{"XREAD",   "COUNT",  most_entries_at_once, "BLOCK", s.options().look_every.count(),
                     "STREAMS", poke_key_};
    for (const auto& [queue, of] : queues_) {
        blocked_.push_back(queue);
        c.add(s.keys(queue).of_queue("events"));
    }
    c.add(to_text(poked_to_));
    for (const auto& [queue, of] : queues_)
        c.add(to_text(of.read_to));
    return c;
}

// --- On the loop: what is heard ------------------------------------------------------------------------------------------

void ear::hear(const store& s, std::vector<stream_part> parts) {
    for (auto& part : parts) {
        if (part.entries.empty())
            continue;
        if (part.key == poke_key_)
            poked_to_ = part.entries.back().id;
        for (auto& [queue, of] : queues_)
            if (part.key == s.keys(queue).of_queue("events"))
                hear_of(queue, of, std::move(part.entries));
    }
}

void ear::hear_of(const std::string& queue, followed& of, std::vector<stream_entry> entries) {
    of.read_to = entries.back().id;
    bool some_went = false;
    for (auto& each : entries) {
        if (const auto* name = find_field(each.fields, "event"))
            some_went = some_went || *name == many_went;
        const auto what = to_event(queue, each.id, each.fields);
        if (what && is_end(*what))
            tell(of, what->id, what);
    }
    if (some_went) {
        for (const auto& [whom, each] : of.by_job)
            each.heard.set_value(std::nullopt);
        of.by_job.clear();
    }
    tell(of, {}, std::nullopt); // who follows all of it reads it by himself
}

void ear::tell(followed& of, const job_id& whom, const tidings& what) {
    const auto [first, last] = of.by_job.equal_range(whom);
    for (auto each = first; each != last;) {
        const auto& l = each->second;
        const bool is_news = !what || what->number > l.wanted.after.number();
        if (is_news)
            l.heard.set_value(what);
        each = is_news ? of.by_job.erase(each) : std::next(each);
    }
}

} // namespace infra::queue::redis_backend
