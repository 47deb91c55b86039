#include "presence.hpp"

#include "store.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

// So often it is looked whether the connections are still there, which keeps servers from closing them as idle.
constexpr std::chrono::seconds looked_at_every{10};

awaitable<bool> answers(const redis::session* own) {
    if (!own->is_open())
        co_return false;
    try {
        co_await own->execute<void>(redis::command("PING"));
        co_return true;
    } catch (const boost::system::system_error&) {
        co_return false;
    }
}

} // namespace

std::string key_of_workers(const store& s) { return s.options().prefix + "~workers"; }

awaitable<void> presence::enter(shared_store s, std::string worker, std::string name, std::vector<std::string> queues,
                                wall_time now) {
    worker.resize(std::min(worker.size(), max_worker_bytes));
    {
        const std::scoped_lock lock(mutex_);
        if (worker.empty() || !roll_.is_news(worker, queues))
            co_return;
        roll_.enter(worker, name, queues, now);
    }
    co_await tell_others(std::move(s), std::move(worker));
}

awaitable<void> presence::leave(shared_store s, std::string worker) {
    worker.resize(std::min(worker.size(), max_worker_bytes));
    {
        const std::scoped_lock lock(mutex_);
        if (!roll_.leave(worker))
            co_return;
    }
    co_await tell_others(std::move(s), std::move(worker));
}

awaitable<void> presence::told(shared_store s) {
    {
        const std::scoped_lock lock(mutex_);
        if (!begun_)
            co_return;
    }
    co_await tell_others(std::move(s), {});
}

awaitable<void> presence::tell_others(shared_store s, std::string worker) {
    const promise<void> seen(co_await asio::this_coro::executor);
    begin(s);
    if (asked_.post({.worker = std::move(worker), .seen = seen}))
        co_await seen.get();
}

void presence::begin(const shared_store& s) {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(begun_, true))
        return;
    at_.gate->pass([&] {
        asio::post(at_.ex, [this, s] { asio::co_spawn(at_.ex, attend(s), [s](const std::exception_ptr&) {}); });
    });
}

awaitable<void> presence::attend(shared_store s) {
    try {
        while (true) {
            const auto news = co_await next_changes(*s);
            co_await be_seen(s, news);
            for (const auto& each : news)
                each.seen.set_value();
        }
    } catch (const boost::system::system_error&) { // closed
    }
    shown_.clear(); // before that which says that they are ours
    life_ = {};
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    for (const auto& each : std::exchange(waiting_, {}))
        each.set_value();
}

// None: it is time to look.
awaitable<presence::changes> presence::next_changes(const store& s) {
    try {
        co_return co_await with_deadline(asked_.receive(), deadline::after(looked_at_every, s.time().steady()),
                                         s.time());
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
    co_return changes();
}

// In this order: who is on the roll has a connection that says that it lives.
awaitable<void> presence::be_seen(shared_store s, changes news) {
    try {
        co_await be_seen_to_live(s);
        co_await write_roll(s, std::move(news));
        co_await bear_names(s);
    } catch (const boost::system::system_error& e) {
        telemetry::log(level::debug, "queue", "others may not see the workers of this process; it tries again",
                       {{"server", s->server()}, {"why", std::string_view(e.what())}});
    }
}

awaitable<void> presence::be_seen_to_live(shared_store s) {
    if (co_await answers(&life_))
        co_return;
    others_know_all_ = false; // who looked meanwhile took them off
    life_ = co_await s->lease_for({});
    co_await tell_which_are_ours(s);
}

awaitable<void> presence::tell_which_are_ours(shared_store s) {
    std::set<std::int64_t> ours;
    for (const auto& [name, one] : shown_)
        ours.insert(one.id);
    co_await life_.execute<void>({"CLIENT", "SETNAME", name_of_process(s->process(), ours)});
}

awaitable<void> presence::write_roll(shared_store s, changes news) {
    redis::command put{"HSET", key_of_workers(*s)}, drop{"HDEL", key_of_workers(*s)};
    {
        const std::scoped_lock lock(mutex_);
        const auto write = [&](const auto& one) {
            put.add(field_of(s->process(), one.first)).add(to_text(one.second));
        };
        if (!others_know_all_)
            std::ranges::for_each(roll_.all(), write);
        for (const auto& each : news)
            if (each.worker.empty())
                continue;
            else if (const auto there = roll_.all().find(each.worker); there == roll_.all().end())
                drop.add(field_of(s->process(), each.worker));
            else if (others_know_all_)
                write(*there);
    }
    redis::batch all;
    for (auto* each : {&put, &drop})
        if (each->size() > 2)
            all.add(std::move(*each));
    if (!all.empty())
        co_await s->ask(std::move(all.again(redis::replay::idempotent)));
    others_know_all_ = true;
}

// By what BullMQ looks for, the queue.
std::map<std::string, std::string> presence::names_to_bear(const store& s) const {
    std::map<std::string, std::string> names;
    const std::scoped_lock lock(mutex_);
    for (const auto& [queue, name] : roll_.shown())
        if (names.size() < s.options().show_workers)
            names.emplace(worker_connection(s.options().prefix, queue, name), queue);
    return names;
}

awaitable<void> presence::bear_names(shared_store s) {
    const auto wanted = names_to_bear(*s);
    std::erase_if(shown_, [&](const auto& one) { return !wanted.contains(one.first); });
    for (const auto& [name, queue] : wanted) {
        const auto known = shown_.find(name);
        if (known == shown_.end() || !co_await answers(&known->second.own))
            co_await bear_name(s, name, queue);
    }
}

// It is said to be ours before it looks like a worker of somebody else's.
awaitable<void> presence::bear_name(shared_store s, std::string name, std::string queue) {
    shown_connection one{.own = co_await s->lease_for(std::move(queue))};
    one.id = co_await one.own.execute<std::int64_t>({"CLIENT", "ID"});
    const auto& there = shown_.insert_or_assign(name, std::move(one)).first->second;
    co_await tell_which_are_ours(s);
    co_await there.own.execute<void>({"CLIENT", "SETNAME", name});
}

awaitable<void> presence::stopped() {
    const promise<void> over(co_await asio::this_coro::executor);
    {
        const std::scoped_lock lock(mutex_);
        if (!begun_ || ended_)
            co_return;
        waiting_.push_back(over);
    }
    co_await over.get();
}

} // namespace infra::queue::redis_backend
