#include "line.hpp"

#include "commands.hpp"
#include "eviction.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/runtime/default_runtime.hpp>

namespace infra::cache::redis_backend {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds grace_for_debts{1000};

redis::client make_client(const redis::options& server, std::vector<executor> loops, clock& time) {
    if (loops.empty())
        return redis::client(server, time);
    return {std::move(loops), server, time};
}

breaker::ending ending_of(failure f) {
    switch (f) {
    case failure::away: return breaker::ending::failed;
    case failure::abandoned: return breaker::ending::abandoned;
    case failure::ours: break;
    }
    return breaker::ending::answered;
}

std::span<const redis::reply> all_of(const redis::reply& one) { return {&one, 1}; }
std::span<const redis::reply> all_of(const std::vector<redis::reply>& many) { return many; }

} // namespace

line::line(redis_store_options options, std::vector<executor> loops, clock& time)
    : options_(std::move(options)),
      time_(time),
      count_(all_instruments()),
      server_(describe(options_.server)),
      home_(loops.empty() ? default_executor() : loops.front()),
      client_(make_client(options_.server, std::move(loops), time)),
      breaker_(options_.breaker, options_.server.cluster ? breaker::whole::cluster : breaker::whole::one_server),
      debts_(options_.max_owed) {}

awaitable<answer<redis::reply>> line::ask(std::shared_ptr<line> self, redis::command c, purpose why) {
    return ask_once<redis::reply>(std::move(self), std::move(c), why);
}

awaitable<answer<std::vector<redis::reply>>> line::ask(std::shared_ptr<line> self, redis::batch b, purpose why) {
    return ask_once<std::vector<redis::reply>>(std::move(self), std::move(b), why);
}

awaitable<answer<std::vector<redis::reply>>> line::ask_all(std::shared_ptr<line> self, redis::command c, purpose why) {
    return ask_once<std::vector<redis::reply>>(std::move(self), to_all_masters{std::move(c)}, why);
}

awaitable<redis::reply> line::execute(redis::command c) { return client_.execute(std::move(c), limit()); }
awaitable<std::vector<redis::reply>> line::execute(redis::batch b) { return client_.execute(std::move(b), limit()); }

awaitable<std::vector<redis::reply>> line::execute(to_all_masters what) {
    const auto by = limit();
    std::vector<redis::reply> said;
    for (const auto& each : co_await client_.masters(by))
        said.push_back(co_await client_.execute_at(each, what.command, by));
    co_return said;
}

template <class T, class What>
awaitable<answer<T>> line::ask_once(std::shared_ptr<line> self, What what, purpose why) {
    breaker::visit here(self->breaker_);
    if (!self->may_ask(here, why))
        co_return answer<T>();
    std::string problem;
    try {
        auto said = co_await self->execute(std::move(what));
        const auto* const worst = worst_of(all_of(said));
        const bool away = worst && complaint_in(*worst) == complaint::away;
        self->leave(here, away ? breaker::ending::failed : breaker::ending::answered,
                    worst ? worst->error_code() : std::string_view());
        co_return self->judge(std::move(said), why);
    } catch (const boost::system::system_error& e) {
        if (e.code() == errc::unavailable)
            throw; // by judge
        const auto whose = failure_of(e.code());
        self->leave(here, ending_of(whose), e.what());
        if (whose != failure::away)
            throw;
        problem = e.what();
    }
    self->forgo(why, problem);
    co_return answer<T>();
}

template <class T>
answer<T> line::judge(T said, purpose why) {
    const auto* const worst = worst_of(all_of(said));
    if (!worst)
        return {.given = std::move(said)};
    const bool away = complaint_in(*worst) == complaint::away;
    const std::string problem(worst->error_code());
    if (!away)
        count_.refused.add();
    if (!may_pass(*worst) && why == purpose::write)
        tell_refusal(problem);
    forgo(why, "it answers " + problem);
    return {.refused = !away, .never = !may_pass(*worst)};
}

bool line::may_ask(breaker::visit& here, purpose why) {
    if (stopped_)
        throw error(infra::errc::closed, "the cache's store has been stopped");
    switch (breaker_.enter(here, time_.steady(), why == purpose::read)) {
    case breaker::gate::pass: return true;
    case breaker::gate::suspect: mend_behind(); return true;
    case breaker::gate::shut: mend_behind(); break;
    }
    forgo(why, "it is away; whether it is back is asked every moment");
    return false;
}

void line::leave(breaker::visit& here, breaker::ending how, std::string_view problem) {
    switch (breaker_.leave(here, how, time_.steady())) {
    case breaker::finding::away: shut(problem); break;
    case breaker::finding::doubt: mend_behind(); break;
    case breaker::finding::nothing: break;
    }
    if (how != breaker::ending::answered)
        return;
    if (debts_.any())
        mend_behind(); // what was owed at the moment when the last who paid had ended
    if (!eviction_asked_.load() && !eviction_asked_.exchange(true))
        looking_.spawn_at(home_, warn_of_eviction(shared_from_this()));
}

// Once, and as far as the server tells: who may not ask for it has been told by the README.
awaitable<void> line::warn_of_eviction(std::shared_ptr<line> self) {
    std::string policy;
    try {
        for (const auto& each : co_await self->execute(to_all_masters{{"INFO", "memory"}}))
            if (policy.empty() && !each.is_error())
                policy = evicts_all_by(each.as_text());
    } catch (const boost::system::system_error&) {
    }
    if (!policy.empty())
        telemetry::log(level::warn, "cache",
                       "the store's server may evict versions, and with them what they made void comes back: set its "
                       "maxmemory-policy to one of volatile-..., or to noeviction",
                       {{"server", self->server_}, {"maxmemory_policy", policy}});
}

void line::throw_unavailable(std::string_view problem) const {
    throw error(errc::unavailable, "the cache's store at " + server_ + " did not do it: " + std::string(problem));
}

void line::forgo(purpose why, std::string_view problem) {
    if (why == purpose::aside)
        return;
    if (why == purpose::must || options_.outage == outage_policy::raise)
        throw_unavailable(problem);
    (why <= purpose::recall ? count_.reads_dropped : count_.writes_dropped).add();
}

void line::shut(std::string_view problem) {
    count_.outages.add();
    count_.away.record(1);
    telemetry::log(level::warn, "cache",
                   "the store is away; reads find nothing and writes are dropped until it is back",
                   {{"server", server_}, {"why", problem}});
    mend_behind();
}

awaitable<std::optional<std::string>> line::next_version(std::shared_ptr<line> self, purpose why) {
    auto number = co_await ask(std::move(self), next_version_command(), why);
    co_return number ? text_in(std::move(*number)) : std::nullopt;
}

awaitable<bool> line::bump(std::shared_ptr<line> self, std::vector<std::string> names, purpose why) {
    const auto number = co_await next_version(self, why);
    if (!number)
        co_return false;
    const auto done = co_await ask(std::move(self), raise_commands(*number, names), why);
    co_return bool(done);
}

awaitable<std::chrono::nanoseconds> line::ping(std::shared_ptr<line> self) {
    try {
        co_return co_await self->client_.ping(self->limit());
    } catch (const boost::system::system_error& e) {
        if (failure_of(e.code()) != failure::away)
            throw;
        self->throw_unavailable(e.what());
    }
}

awaitable<void> line::stop(std::shared_ptr<line> self, deadline limit) {
    self->stopped_ = true;
    // What is owed is worth a moment. Whether the server is back is worth none.
    const auto moment = self->debts_.size() > 0 ? grace_for_debts : milliseconds(0);
    co_await self->mending_.stop(earlier(limit, deadline::after(moment, self->time_.steady())), self->time_);
    if (const auto left = self->debts_.size(); left > 0)
        telemetry::log(level::warn, "cache", "the store ends while its server is away: what was to be made void stays",
                       {{"server", self->server_}, {"owed", left}});
    self->looking_.cancel();
    co_await self->client_.stop(limit);
}

} // namespace infra::cache::redis_backend
