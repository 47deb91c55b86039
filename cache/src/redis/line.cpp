#include "line.hpp"

#include "names.hpp"
#include "scripts.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <boost/asio/this_coro.hpp>

namespace infra::cache::redis_backend {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds probe_timeout{1000}; // longer than the client waits between two attempts to connect
constexpr milliseconds grace_for_debts{1000};
constexpr std::size_t paid_at_once = 500;

redis::client make_client(const redis::options& server, std::vector<executor> loops, clock& time) {
    if (loops.empty())
        return redis::client(server, time);
    return {std::move(loops), server, time};
}

// One counter for all versions on the server: that of a namespace has to exceed those of the namespaces around it, and in a
// cluster the clocks of two servers would not see to that.
redis::command next_version() { return scripts::next_version.call({"@@versions"}).again(redis::replay::idempotent); }

redis::batch raise_to(const std::string& number, const std::vector<std::string>& names) {
    redis::batch all;
    for (const auto& each : names)
        all.add(scripts::raise.call({each}, {number}).again(redis::replay::idempotent));
    return all;
}

redis::batch unlink_all(const std::vector<std::string>& keys) {
    redis::batch all;
    for (const auto& key : keys)
        all.add({"UNLINK", key, beside(key, "lease")});
    return all;
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
      client_(make_client(options_.server, std::move(loops), time)),
      breaker_(options_.breaker),
      debts_(options_.max_owed) {}

awaitable<answer<redis::reply>> line::ask(std::shared_ptr<line> self, redis::command c, purpose why) {
    return ask_once<redis::reply>(std::move(self), std::move(c), why);
}

awaitable<answer<std::vector<redis::reply>>> line::ask(std::shared_ptr<line> self, redis::batch b, purpose why) {
    return ask_once<std::vector<redis::reply>>(std::move(self), std::move(b), why);
}

template <class T, class What>
awaitable<answer<T>> line::ask_once(std::shared_ptr<line> self, What what, purpose why) {
    const auto ex = co_await asio::this_coro::executor;
    if (!self->may_ask(why, ex))
        co_return answer<T>();
    const auto asked = self->time_.steady();
    std::string problem;
    try {
        auto said = co_await self->client_.execute(std::move(what), self->limit());
        co_return self->judge(std::move(said), why, asked, ex);
    } catch (const boost::system::system_error& e) {
        if (e.code() == errc::unavailable)
            throw; // by judge
        const auto whose = failure_of(e.code());
        self->leave(ending_of(whose), asked, e.what(), ex);
        if (whose != failure::away)
            throw;
        problem = e.what();
    }
    self->forgo(why, problem);
    co_return answer<T>();
}

template <class T>
answer<T> line::judge(T said, purpose why, steady_time asked, const executor& ex) {
    const auto* const worst = worst_of(all_of(said));
    const bool away = worst && complaint_in(*worst) == complaint::away;
    const std::string problem(worst ? worst->error_code() : std::string_view());
    leave(away ? breaker::ending::failed : breaker::ending::answered, asked, problem, ex);
    if (!worst)
        return {.given = std::move(said)};
    if (!away)
        count_.refused.add();
    if (!may_pass(*worst) && why == purpose::write)
        tell_refusal(problem);
    forgo(why, "it answers " + problem);
    return {.refused = !away, .never = !may_pass(*worst)};
}

bool line::may_ask(purpose why, const executor& ex) {
    if (stopped_)
        throw error(infra::errc::closed, "the cache's store has been stopped");
    switch (breaker_.enter(time_.steady(), why == purpose::read)) {
    case breaker::gate::pass: return true;
    case breaker::gate::suspect: mend_on(ex); return true;
    case breaker::gate::shut: mend_on(ex); break; // where the loop of the one at work has ended
    }
    forgo(why, "it is away; whether it is back is asked every moment");
    return false;
}

void line::leave(breaker::ending how, steady_time asked, std::string_view problem, const executor& ex) {
    if (breaker_.leave(how, asked, time_.steady()))
        shut(problem, ex);
    else if (how == breaker::ending::answered && debts_.any())
        mend_on(ex); // what was owed at the moment when the last who paid had ended
}

void line::throw_unavailable(std::string_view problem) const {
    throw error(errc::unavailable, "the cache's store at " + server_ + " did not do it: " + std::string(problem));
}

void line::forgo(purpose why, std::string_view problem) {
    if (why == purpose::must || options_.outage == outage_policy::raise)
        throw_unavailable(problem);
    (why <= purpose::recall ? count_.reads_dropped : count_.writes_dropped).add();
}

void line::shut(std::string_view problem, const executor& ex) {
    count_.outages.add();
    count_.away.record(1);
    telemetry::log(level::warn, "cache",
                   "the store is away; reads find nothing and writes are dropped until it is back",
                   {{"server", server_}, {"why", problem}});
    mend_on(ex);
}

awaitable<bool> line::bump(std::shared_ptr<line> self, std::vector<std::string> names, purpose why) {
    auto number = co_await ask(self, next_version(), why);
    if (!number)
        co_return false;
    auto batch = raise_to(number->as_text(), names);
    const auto done = co_await ask(std::move(self), std::move(batch), why);
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
    co_await self->client_.stop(limit);
}

// --- Back again -----------------------------------------------------------------------------------------------------

void line::mend_on(const executor& ex) { mending_.spawn(ex, mend(weak_from_this())); }

void line::trip(std::string_view problem, const executor& ex) {
    if (breaker_.trip())
        shut(problem, ex);
    else
        mend_on(ex);
}

awaitable<void> line::owe_erasure(std::shared_ptr<line> self, std::vector<std::string> keys) {
    if (keys.empty())
        co_return;
    self->debts_.owe_erasure(keys);
    self->trip("a write was not done", co_await asio::this_coro::executor);
}

awaitable<void> line::owe_bump(std::shared_ptr<line> self, std::vector<std::string> names) {
    self->debts_.owe_bump(names);
    self->trip("what was made void is not yet", co_await asio::this_coro::executor);
}

// Holds the line only while it asks, so that it ends with the store.
awaitable<void> line::mend(std::weak_ptr<line> weak) {
    while (true) {
        auto self = weak.lock();
        if (!self || co_await try_to_mend(self))
            co_return;
        auto& time = self->time_;
        const auto pause = self->options_.breaker.probe_every;
        self.reset();
        co_await time.sleep_for(pause);
    }
}

// True once the server answers and nothing is owed.
awaitable<bool> line::try_to_mend(std::shared_ptr<line> self) {
    const auto ex = co_await asio::this_coro::executor;
    std::string problem;
    try {
        co_await self->client_.ping(self->limit_of_probe());
        self->breaker_.answers(self->time_.steady());
        co_await pay(self);
    } catch (const boost::system::system_error& e) {
        if (failure_of(e.code()) != failure::away)
            throw;
        problem = e.what();
    }
    if (!problem.empty()) {
        self->trip(problem, ex);
        co_return false;
    }
    self->told_well();
    co_return self->breaker_.is_closed() && !self->debts_.any();
}

awaitable<void> line::pay(std::shared_ptr<line> self) {
    for (auto bill = self->debts_.take(paid_at_once); !bill.empty(); bill = self->debts_.take(paid_at_once)) {
        co_await pay_one(self, bill);
        self->debts_.paid();
        self->count_.owed.record(static_cast<double>(self->debts_.size()));
    }
}

awaitable<void> line::pay_one(std::shared_ptr<line> self, debts::bill bill) {
    if (!bill.keys.empty())
        self->took(co_await self->client_.execute(unlink_all(bill.keys), self->limit()));
    if (bill.names.empty())
        co_return;
    const auto number = co_await self->client_.execute(next_version(), self->limit());
    if (self->took(all_of(number)))
        self->took(co_await self->client_.execute(raise_to(number.as_text(), bill.names), self->limit()));
}

// Throws where the server may do later what it did not do now. What it never does is owed no more, or nobody would read
// from it again.
bool line::took(std::span<const redis::reply> replies) {
    const auto* const worst = worst_of(replies);
    for (const auto& each : replies)
        if (each.is_error() && may_pass(each))
            redis::throw_if_error(each);
    if (worst)
        tell_refusal(worst->error_code());
    return !worst;
}

// Once: the metric counts them, and each write would tell the same.
void line::tell_refusal(std::string_view problem) {
    if (!refusal_told_.exchange(true))
        telemetry::log(level::error, "cache",
                       "the store takes no writes from this process: what it holds stays until its time is over",
                       {{"server", server_}, {"why", problem}});
}

// One that is only suspected is given as long again as it has been silent.
deadline line::limit_of_probe() const {
    return deadline::after(breaker_.is_closed() ? options_.breaker.patience : probe_timeout, time_.steady());
}

void line::told_well() {
    const bool was_away = breaker_.mended(time_.steady());
    count_.away.record(0);
    if (was_away)
        telemetry::log(level::info, "cache", "the store is back", {{"server", server_}});
}

} // namespace infra::cache::redis_backend
