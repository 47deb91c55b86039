#include "recall.hpp"

#include <infra/base/error.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

constexpr std::size_t most_waiting = 100'000;
constexpr std::size_t most_joined = 1'000; // messages

std::string_view epoch_of(const question& q) { return q.from ? std::string_view(q.from->epoch) : std::string_view(); }

auto place_of(const question& q) {
    return std::tuple(std::string_view(q.channel), q.from.has_value(), epoch_of(q), q.from ? q.from->offset : 0);
}

/// Makes one of both, if that may be. `next` does not begin before it.
bool widen(question& one, const question& next) {
    if (one.channel != next.channel || one.from.has_value() != next.from.has_value() || epoch_of(one) != epoch_of(next))
        return false;
    const auto behind = one.from ? next.from->offset - one.from->offset : 0;
    if (behind > one.limit)
        return false;
    const auto both = std::max<std::size_t>(one.limit, behind + next.limit);
    if (one.from && both > std::max({most_joined, one.limit, next.limit}))
        return false;
    one.limit = both;
    return true;
}

error unavailable(const ground& on, std::string_view why) {
    return {infra::errc::unavailable, redis::describe(on.server) + ": " + std::string(why)};
}

} // namespace

std::vector<joint_question> join(std::span<const question> asked) {
    std::vector<std::size_t> order(asked.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::tuple(place_of(asked[i]), i); });
    std::vector<joint_question> out;
    for (const auto i : order) {
        if (out.empty() || !widen(out.back().what, asked[i]))
            out.push_back({.what = asked[i]});
        out.back().who.push_back(i);
    }
    return out;
}

// --- Who asks ----------------------------------------------------------------------------------------------------------

awaitable<std::shared_ptr<const history_reply>> recall::read(question q) {
    const promise<shared_reply> told(co_await asio::this_coro::executor);
    {
        const std::scoped_lock lock(mutex_);
        if (closed_)
            throw unavailable(on_, "the broker has stopped");
        if (asked_.size() >= most_waiting)
            throw error(infra::errc::overloaded,
                        redis::describe(on_.server) +
                            ": 100 000 questions about histories wait for an answer; ask later");
        asked_.push_back({std::move(q), told});
    }
    bell_.ring();
    co_return co_await told.get();
}

std::vector<recall::asker> recall::take() {
    const std::scoped_lock lock(mutex_);
    return std::exchange(asked_, {});
}

void recall::close() {
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
    }
    bell_.close();
    for (const auto& each : take())
        each.told.set_exception(std::make_exception_ptr(unavailable(on_, "the broker has stopped")));
}

// --- Who answers -------------------------------------------------------------------------------------------------------

awaitable<void> recall::answer() {
    while (true) {
        co_await bell_.wait();
        for (auto some = take(); !some.empty(); some = take())
            co_await answer_all(std::move(some));
    }
}

// What one batch could not have another may: in a cluster it goes to other masters. But nobody waits behind many that fail for longer
// than for an answer.
awaitable<void> recall::answer_all(std::vector<asker> askers) {
    std::vector<question> asked;
    for (const auto& each : askers)
        asked.push_back(each.what);
    const auto all = join(asked);
    const auto limit = deadline::after(for_an_answer, on_.time.steady());
    for (std::span<const joint_question> left = all; !left.empty();) {
        const auto some = left.first(std::min(left.size(), reading_.at_once()));
        left = left.subspan(some.size());
        const auto failure = co_await answer_some(some, askers);
        if (!failure)
            continue;
        const auto why = unavailable(on_, failure->what());
        fail(some, askers, why);
        const bool is_over = is_the_end(failure->code());
        if (is_over || !on_.up || limit.passed(on_.time.steady()))
            fail(std::exchange(left, {}), askers, why);
        if (is_over)
            throw *failure;
    }
}

awaitable<std::optional<boost::system::system_error>> recall::answer_some(std::span<const joint_question> of,
                                                                          const std::vector<asker>& askers) {
    redis::batch questions;
    for (const auto& [what, who] : of)
        questions.add(read_command(on_, what.channel, what.from, what.limit, false));
    const auto begin = on_.time.steady();
    try {
        auto replies = co_await on_.redis()->execute(std::move(questions), on_.soon());
        reading_.went_in(on_.time.steady() - begin);
        for (std::size_t i = 0; i < replies.size(); ++i)
            tell(of[i], askers, std::move(replies[i]));
    } catch (const boost::system::system_error& e) {
        reading_.failed();
        co_return e;
    }
    co_return std::nullopt;
}

void recall::tell(const joint_question& of, const std::vector<asker>& askers, redis::reply r) const {
    shared_reply answer;
    std::exception_ptr failure;
    try {
        redis::throw_if_error(r);
        answer = std::make_shared<const history_reply>(history_in(std::move(r)));
    } catch (const boost::system::system_error& e) {
        failure = std::make_exception_ptr(unavailable(on_, e.what()));
    }
    for (const auto i : of.who)
        failure ? askers[i].told.set_exception(failure) : askers[i].told.set_value(answer);
}

void recall::fail(std::span<const joint_question> of, const std::vector<asker>& askers, const error& why) {
    for (const auto& each : of)
        for (const auto i : each.who)
            askers[i].told.set_exception(std::make_exception_ptr(why));
}

} // namespace infra::realtime::over_redis
