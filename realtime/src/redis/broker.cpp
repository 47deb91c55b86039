#include "company.hpp"
#include "control.hpp"
#include "hearing.hpp"
#include "outgoing.hpp"
#include "recall.hpp"
#include "scripts.hpp"
#include "wire.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace infra::realtime {
namespace over_redis {
namespace {

constexpr std::chrono::seconds between_pings{1};

/// A loop that ends when the broker does.
awaitable<void> until_closed(awaitable<void> loop) {
    try {
        co_await std::move(loop);
    } catch (const boost::system::system_error& e) {
        if (e.code() != infra::errc::closed)
            throw;
    }
}

class redis_broker final : public broker, public std::enable_shared_from_this<redis_broker> {
public:
    redis_broker(redis_broker_options options, clock& time) : on_(std::move(options), time) {}

    awaitable<void> run(broker_listener& to, const std::vector<channel_rule>& rules) override;
    awaitable<void> stop(deadline limit) override;
    bool is_up() const noexcept override { return on_.up; }

    bool publish(std::string channel, envelope e) override;
    awaitable<placed> publish_confirmed(std::string channel, envelope e) override;
    void want(const std::string& channel) override { hearing_.want(channel); }
    void unwant(const std::string& channel) override { hearing_.unwant(channel); }
    awaitable<missed> history(std::string channel, std::optional<position> from, std::size_t limit) override;

    void join(const std::string& channel, member who) override { company_.join(channel, std::move(who)); }
    void leave(const std::string& channel, const std::string& user) override { company_.leave(channel, user); }
    awaitable<std::vector<member>> presence(std::string channel, std::size_t limit) override;
    awaitable<presence_stats> count(std::string channel) override;
    awaitable<void> disconnect_everywhere(disconnection what) override;

    std::string description() const override { return redis::describe(on_.server); }

private:
    awaitable<void> work();
    awaitable<void> choose_verb();
    awaitable<void> watch();
    void link_up();
    void link_down(const std::string& why);
    std::shared_ptr<redis::client> linked() const;
    awaitable<redis::reply> ask(redis::command c) const;
    template <class T>
    awaitable<T> patiently(awaitable<T> what, const char* or_else);
    void end();

    ground on_;
    outgoing outgoing_{on_};
    control control_{on_};
    hearing hearing_{on_, control_};
    recall recall_{on_};
    company company_{on_};
    bell watch_bell_;
    std::mutex mutex_;
    bool begun_ = false;                  // guarded by mutex_
    bool ended_ = false;                  // guarded by mutex_
    std::vector<promise<void>> stoppers_; // guarded by mutex_
};

// --- Life ----------------------------------------------------------------------------------------------------------------

awaitable<void> redis_broker::run(broker_listener& to, const std::vector<channel_rule>& rules) {
    const auto self = shared_from_this();
    const executor ex = co_await asio::this_coro::executor;
    {
        const std::scoped_lock lock(mutex_);
        if (on_.stopping)
            co_return;
        if (std::exchange(begun_, true))
            throw error(infra::errc::invalid_state, description() + ": realtime::broker::run() was called twice");
    }
    on_.to = &to;
    on_.rules = rules;
    on_.lost_link = [this](const std::string& why) { link_down(why); };
    on_.set_redis(std::make_shared<redis::client>(std::vector{ex}, on_.server, on_.time));
    outgoing_.begin(ex);
    control_.begin(ex);
    hearing_.begin(ex);
    recall_.begin(ex);
    company_.begin(ex);
    watch_bell_.begin(ex);
    std::exception_ptr failure;
    try {
        co_await until_closed(work());
    } catch (...) {
        failure = std::current_exception();
    }
    end();
    if (failure)
        std::rethrow_exception(failure);
}

awaitable<void> redis_broker::work() {
    using namespace asio::experimental::awaitable_operators;
    co_await hearing_.subscribe();
    co_await choose_verb();
    co_await control_.find_place();
    co_await (until_closed(watch()) && until_closed(outgoing_.send()) && until_closed(hearing_.follow_wants()) &&
              until_closed(hearing_.listen()) && until_closed(hearing_.read_on()) && until_closed(hearing_.check()) &&
              until_closed(control_.read_on()) && until_closed(recall_.answer()) && until_closed(company_.keep()));
}

void redis_broker::end() {
    on_.up = false;
    recall_.close();
    on_.set_redis(nullptr);
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    for (const auto& each : std::exchange(stoppers_, {}))
        each.set_value();
}

// What is published by hand must reach those who listen: sharded only where one has to know what one is doing anyway.
awaitable<void> redis_broker::choose_verb() {
    if (!on_.options.sharded.value_or(on_.server.cluster.has_value()))
        co_return;
    while (true) {
        try {
            const auto known = co_await on_.redis()->execute({"COMMAND", "INFO", "SPUBLISH"}, on_.soon());
            on_.sharded = !known.is_error() && !known.items().empty() && !known.items().front().is_null();
            break;
        } catch (const boost::system::system_error& e) {
            if (is_the_end(e.code()))
                throw;
        }
        co_await on_.time.sleep_for(between_attempts);
    }
    if (on_.sharded)
        on_.say = "SPUBLISH";
}

awaitable<void> redis_broker::stop(deadline limit) {
    const promise<void> ended(co_await asio::this_coro::executor);
    {
        const std::scoped_lock lock(mutex_);
        on_.stopping = true;
        if (!std::exchange(begun_, true) || ended_)
            co_return;
        stoppers_.push_back(ended);
    }
    outgoing_.finish();
    const auto redis = on_.redis();
    while (outgoing_.size() > 0 && on_.up && !limit.passed(on_.time.steady()))
        co_await on_.time.sleep_for(std::chrono::milliseconds(5));
    if (redis)
        co_await company_.quit(limit);
    outgoing_.close();
    control_.close();
    hearing_.close();
    recall_.close();
    company_.close();
    watch_bell_.close();
    if (redis)
        co_await redis->stop(limit);
    co_await ended.get();
}

// --- The link ------------------------------------------------------------------------------------------------------------

awaitable<void> redis_broker::watch() {
    while (true) {
        std::optional<std::string> failure;
        try {
            co_await on_.redis()->ping(deadline::after(between_pings, on_.time.steady()));
        } catch (const boost::system::system_error& e) {
            if (is_the_end(e.code()))
                throw;
            failure = e.what();
        }
        if (failure)
            link_down(*failure);
        else
            link_up();
        const auto pause = on_.up ? std::chrono::milliseconds(between_pings) : between_attempts;
        co_await watch_bell_.wait(deadline::after(pause, on_.time.steady()), on_.time);
    }
}

void redis_broker::link_up() {
    if (on_.up.exchange(true))
        return;
    telemetry::log(level::info, "realtime", "linked to the other nodes", {{"server", description()}});
    on_.count.link(true);
    on_.to->link(true);
    outgoing_.link_is_up();
    control_.doubt();
    hearing_.link_is_up();
    company_.link_is_up();
}

void redis_broker::link_down(const std::string& why) {
    if (!on_.up.exchange(false))
        return;
    telemetry::log(level::warn, "realtime",
                   "the link to the other nodes is broken: messages are delivered on this node alone",
                   {{"server", description()}, {"why", why}});
    on_.count.link(false);
    on_.to->link(false);
    hearing_.link_is_down();
    watch_bell_.ring();
}

// --- Messages --------------------------------------------------------------------------------------------------------------

bool redis_broker::publish(std::string channel, envelope e) {
    if (outgoing_.push({.channel = channel, .what = std::move(e)}))
        return true;
    if (!outgoing_.may_owe(channel))
        throw error(infra::errc::overloaded,
                    description() + ": 10 000 channels wait to tell the other nodes what they have missed, and there "
                                    "is no link to them; the message was not sent");
    outgoing_.owe(channel, false);
    return false;
}

awaitable<placed> redis_broker::publish_confirmed(std::string channel, envelope e) {
    const promise<placed> told(co_await asio::this_coro::executor);
    if (!on_.up || on_.stopping)
        throw error(infra::errc::unavailable,
                    description() + ": there is no link to the other nodes; the message was not sent");
    if (!outgoing_.push({.channel = std::move(channel), .what = std::move(e), .told = told}))
        throw error(infra::errc::overloaded, description() + ": " + std::to_string(on_.options.max_unsent) +
                                                 " messages wait to be sent (max_unsent); the message was not sent");
    co_return co_await patiently(told.get(), ": no answer within 5 s; the message is sent when there is a link again");
}

std::shared_ptr<redis::client> redis_broker::linked() const {
    auto redis = on_.redis();
    if (!redis || !on_.up)
        throw error(infra::errc::unavailable, description() + ": there is no link to the other nodes");
    return redis;
}

awaitable<redis::reply> redis_broker::ask(redis::command c) const {
    const auto redis = linked();
    std::string why;
    try {
        auto r = co_await redis->execute(std::move(c), on_.soon());
        redis::throw_if_error(r);
        co_return r;
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted || e.code() == infra::errc::overloaded)
            throw;
        why = e.what();
    }
    throw error(infra::errc::unavailable, why);
}

template <class T>
awaitable<T> redis_broker::patiently(awaitable<T> what, const char* or_else) {
    try {
        co_return co_await with_deadline(std::move(what), deadline::after(for_an_answer, on_.time.steady()), on_.time);
    } catch (const boost::system::system_error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
    throw error(infra::errc::unavailable, description() + or_else);
}

awaitable<missed> redis_broker::history(std::string channel, std::optional<position> from, std::size_t limit) {
    if (on_.redis() && on_.history_of(channel).size == 0)
        co_return missed{.complete = !from};
    if (on_.up)
        co_await patiently(hearing_.ready(channel), ": the channel could not be subscribed within 5 s");
    linked();
    question what{
        .channel = std::move(channel), .from = from, .limit = from ? limit + 1 : limit}; // one more: it cannot be had
    const auto answer = co_await patiently(recall_.read(std::move(what)), ": no answer within 5 s");
    co_return missed_since(from, limit, *answer);
}

// --- Users -----------------------------------------------------------------------------------------------------------------

awaitable<std::vector<member>> redis_broker::presence(std::string channel, std::size_t limit) {
    auto shares =
        co_await ask(scripts::present.call({on_.called.present(channel), on_.called.channel(channel)}, {limit, on_.say})
                         .again(redis::replay::idempotent));
    co_return join_shares(redis::to<std::vector<std::string>>(std::move(shares)));
}

awaitable<presence_stats> redis_broker::count(std::string channel) {
    const auto r =
        co_await ask(scripts::count.call({on_.called.present(channel), on_.called.channel(channel)}, {on_.say})
                         .again(redis::replay::idempotent));
    const auto counts = redis::to<std::vector<std::size_t>>(r);
    co_return presence_stats{.users = counts.at(0), .connections = counts.at(1)};
}

awaitable<void> redis_broker::disconnect_everywhere(disconnection what) { co_await ask(control_.say(what)); }

} // namespace
} // namespace over_redis

std::shared_ptr<broker> make_redis_broker(redis_broker_options options, clock& time) {
    return std::make_shared<over_redis::redis_broker>(std::move(options), time);
}

} // namespace infra::realtime
