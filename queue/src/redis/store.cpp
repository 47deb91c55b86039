#include "store.hpp"

#include "eviction.hpp"
#include "held_jobs.hpp"
#include "presence.hpp"
#include "slots.hpp"

#include <infra/base/id.hpp>
#include <infra/queue/error.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>

namespace infra::queue::redis_backend {
namespace {

template <class Replies, class What>
awaitable<Replies> ask_within(const store& s, What what, deadline limit) {
    try {
        co_return co_await s.redis().execute(std::move(what), limit);
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

// Beside what was set: the connections that bear names, the blocked ones, and those that wait for replicas.
redis::options server_of(const redis_queue_options& o) {
    auto server = o.server;
    server.max_sessions = std::min<std::size_t>(server.max_sessions + o.show_workers + 8, 10'000);
    return server;
}

// Not one of the default runtime's: handlers may keep those busy for longer than a lease lasts.
struct own_loop : event_loop {
    own_loop() : event_loop("queue-redis") { start(); }
};

executor on_own_loop() {
    static const own_loop loop;
    return loop.get_executor();
}

std::vector<executor> or_own(std::vector<executor> loops) {
    if (loops.empty())
        loops.push_back(on_own_loop());
    return loops;
}

} // namespace

store::store(redis_queue_options options, std::vector<executor> loops, clock& time)
    : options_(std::move(options)),
      time_(time),
      server_(redis::describe(options_.server)),
      process_(random_hex(12)),
      loops_(or_own(std::move(loops))),
      home_(loops_.front()),
      client_(loops_, server_of(options_), time),
      held_(std::make_unique<held_jobs>()),
      presence_(std::make_unique<presence>(home_)) {}

store::~store() = default;

std::string store::next_token() { return process_ + ':' + std::to_string(++tokens_); }

slot_lines& store::lines_of(std::string_view queue) {
    const auto slot = slot_of(options_, queue);
    const std::scoped_lock lock(mutex_);
    if (lines_.empty())
        begin();
    auto& there = lines_[slot];
    if (!there)
        there = std::make_unique<slot_lines>(home_);
    return *there;
}

void store::begin() {
    home_.gate->pass([this] {
        asio::post(home_.ex, [s = shared_from_this()] {
            asio::co_spawn(s->home_.ex, warn_of_eviction(s), [](const std::exception_ptr&) {});
        });
    });
}

std::vector<slot_lines*> store::all_lines() {
    std::vector<slot_lines*> all;
    const std::scoped_lock lock(mutex_);
    for (const auto& [slot, there] : lines_)
        all.push_back(there.get());
    return all;
}

void store::close() noexcept {
    if (closed_.exchange(true))
        return;
    for (auto* each : all_lines()) {
        each->work.close(shared_from_this(), std::nullopt);
        each->hears.close(shared_from_this());
    }
    presence_->close();
}

void store::check_open() const {
    if (closed_)
        throw error(infra::errc::closed, "the queue's storage was stopped and does nothing more");
}

deadline store::limit() const { return deadline::after(options_.timeout, time_.steady()); }

awaitable<redis::reply> store::ask(redis::command c) const {
    check_open();
    co_return co_await carry_out(std::move(c));
}

awaitable<std::vector<redis::reply>> store::ask(redis::batch all) const {
    check_open();
    co_return co_await carry_out(std::move(all));
}

awaitable<redis::reply> store::carry_out(redis::command c) const {
    auto answer = co_await ask_within<redis::reply>(*this, std::move(c), limit());
    throw_if_refused(answer);
    co_return answer;
}

awaitable<std::vector<redis::reply>> store::carry_out(redis::batch all) const {
    return ask_within<std::vector<redis::reply>>(*this, std::move(all), limit());
}

awaitable<std::vector<redis::reply>> store::carry_out_as_one(redis::batch all) const {
    try {
        co_return co_await client_.transaction(std::move(all), limit());
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

awaitable<redis::session> store::lease_for(std::string queue) const {
    if (options_.server.cluster)
        return client_.lease_for(keys(queue).of_queue("marker"), limit());
    return client_.lease(limit());
}

awaitable<std::vector<redis::reply>> store::ask_at_once(redis::batch all) const {
    check_open();
    try {
        co_return co_await client_.transaction(std::move(all), limit());
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

void throw_if_refused(const redis::reply& answer) {
    try {
        redis::throw_if_error(answer);
    } catch (const error& e) {
        throw_as_queue_error(e);
    }
}

void throw_as_queue_error(const error& e) {
    const auto code = e.code();
    if (code == infra::errc::closed || code == infra::errc::overloaded || code == infra::errc::invalid_input ||
        code.category() == queue_category())
        throw e;
    throw error(errc::unavailable, e.what());
}

} // namespace infra::queue::redis_backend
