// Of the line: what is done behind while the server is away, and when it is back.

#include "commands.hpp"
#include "line.hpp"

#include <infra/base/telemetry.hpp>

namespace infra::cache::redis_backend {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds probe_timeout{1000}; // longer than the client waits between two attempts to connect
constexpr std::size_t paid_at_once = 500;

} // namespace

void line::mend_behind() { mending_.spawn_at(home_, mend(weak_from_this())); }

void line::trip(std::string_view problem) {
    if (breaker_.trip())
        shut(problem);
    else
        mend_behind();
}

void line::owe_erasure(std::span<const std::string> keys) {
    if (keys.empty())
        return;
    debts_.owe_erasure(keys);
    trip("a write was not done");
}

void line::owe_bump(std::span<const std::string> names) {
    debts_.owe_bump(names);
    trip("what was made void is not yet");
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

// In a cluster PING speaks for one of many: each master is asked, in time of its own, and somebody for a key, since those
// that live answer for none while the cluster is not whole.
awaitable<void> line::probe(std::shared_ptr<line> self) {
    if (!self->options_.server.cluster) {
        co_await self->client_.ping(self->limit_of_probe());
        co_return;
    }
    const auto must_answer = [](const redis::reply& r) {
        if (complaint_in(r) == complaint::away)
            redis::throw_if_error(r);
    };
    for (const auto& each : co_await self->client_.masters(self->limit_of_probe()))
        must_answer(co_await self->client_.execute_at(each, {"PING"}, self->limit_of_probe()));
    must_answer(co_await self->client_.execute({"GET", "@@versions"}, self->limit_of_probe()));
}

// True once the server answers and nothing is owed.
awaitable<bool> line::try_to_mend(std::shared_ptr<line> self) {
    std::string problem;
    try {
        co_await probe(self);
        self->breaker_.answers(self->time_.steady());
        co_await pay(self);
    } catch (const boost::system::system_error& e) {
        if (failure_of(e.code()) != failure::away)
            throw;
        problem = e.what();
    }
    if (!problem.empty()) {
        self->trip(problem);
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
        self->took(co_await self->client_.execute(unlink_commands(bill.keys), self->limit()));
    if (bill.names.empty())
        co_return;
    const auto number = co_await self->client_.execute(next_version_command(), self->limit());
    if (self->took({&number, 1}))
        self->took(co_await self->client_.execute(raise_commands(number.as_text(), bill.names), self->limit()));
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

// One that is only in doubt is given as long again as somebody has waited.
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
