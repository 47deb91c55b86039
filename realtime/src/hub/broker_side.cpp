#include "broker_side.hpp"

#include "hub_state.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/this_coro.hpp>

#include <chrono>

namespace infra::realtime::detail {
namespace {

constexpr std::chrono::seconds patience_with_broker(5);

class ears final : public broker_listener {
public:
    explicit ears(std::weak_ptr<hub_state> of) : of_(std::move(of)) {}

    void published(const std::string& channel, envelope e) override {
        if (const auto hub = of_.lock())
            hub->heard(channel, std::move(e));
    }
    void gap(const std::string& channel, std::uint64_t dropped, position now) override {
        if (const auto hub = of_.lock())
            hub->heard_gap(channel, dropped, now);
    }
    void passed(const std::string& channel, std::uint64_t said_here, position at) override {
        if (const auto hub = of_.lock())
            hub->heard_own_gap(channel, said_here, at);
    }
    void joined(const std::string& channel, member who) override {
        if (const auto hub = of_.lock(); hub && hub->members)
            hub->members->joined(channel, std::move(who));
    }
    void left(const std::string& channel, member who) override {
        if (const auto hub = of_.lock(); hub && hub->members)
            hub->members->left(channel, std::move(who));
    }
    void disconnect(disconnection what) override {
        if (const auto hub = of_.lock())
            hub->heard_disconnection(what);
    }
    void link(bool up) override {
        if (const auto hub = of_.lock())
            telemetry::log(up ? level::info : level::warn, "realtime",
                           up ? "the other nodes are there" : "the other nodes are out of reach: messages stay here",
                           {{"hub", hub->options.name}, {"broker", hub->options.broker->description()}});
    }

private:
    const std::weak_ptr<hub_state> of_;
};

} // namespace

std::unique_ptr<broker_listener> make_listener(std::weak_ptr<hub_state> of) {
    return std::make_unique<ears>(std::move(of));
}

broker_side::hold::~hold() {
    if (const auto hub = of_.lock())
        hub->others->drop(channel_);
}

broker_side::hold broker_side::keep(std::string_view channel) {
    const std::string name(channel);
    const std::scoped_lock lock(mutex_);
    ++holds_[name];
    if (wanted_.insert(name).second)
        with_->want(name);
    return {of_.weak_from_this(), name};
}

void broker_side::drop(std::string_view channel) {
    {
        const std::scoped_lock lock(mutex_);
        const auto found = holds_.find(std::string(channel));
        if (--found->second > 0)
            return;
        holds_.erase(found);
    }
    let_go(channel);
}

void broker_side::let_go(std::string_view channel) {
    const std::string name(channel);
    const std::scoped_lock lock(mutex_);
    const auto room = of_.rooms.find(channel);
    if (holds_.contains(name) || (room && room->size() > 0) || wanted_.erase(name) == 0)
        return;
    with_->unwant(name);
    if (room)
        room->forget();
}

bool broker_side::is_warm(std::string_view channel) const {
    if (of_.rooms.options_of(channel).history.size == 0)
        return true;
    const auto room = of_.rooms.find(channel);
    return room && room->knows_its_place();
}

awaitable<broker_side::hold> broker_side::warm(std::shared_ptr<hub_state> of, std::string channel) {
    auto& side = *of->others;
    auto held = side.keep(channel);
    if (side.is_warm(channel))
        co_return held;
    std::shared_ptr<event> fetched;
    bool is_first = false;
    {
        const std::scoped_lock lock(side.mutex_);
        auto& there = side.fetching_[channel];
        is_first = !there;
        if (is_first)
            there = std::make_shared<event>();
        fetched = there;
    }
    const std::weak_ptr<hub_state> weak = of;
    of.reset(); // nobody who waits keeps it alive
    if (is_first)
        co_await fetch(weak, channel);
    else
        co_await fetched->listener(co_await asio::this_coro::executor).get();
    co_return held;
}

// Ends the wait of all others however it ends itself.
awaitable<void> broker_side::fetch(std::weak_ptr<hub_state> weak, std::string channel) {
    struct telling {
        std::weak_ptr<hub_state> of;
        const std::string& channel;
        ~telling() {
            const auto hub = of.lock();
            if (!hub)
                return;
            const std::scoped_lock lock(hub->others->mutex_);
            if (const auto there = hub->others->fetching_.extract(channel))
                there.mapped()->set();
        }
    };
    const telling at_the_end{weak, channel};
    auto hub = weak.lock();
    const auto with = hub->options.broker;
    const auto size = hub->rooms.options_of(channel).history.size;
    auto& time = hub->time();
    const auto name = hub->options.name;
    hub.reset();
    try {
        const auto found = co_await with_deadline(with->history(channel, {}, size),
                                                  deadline::after(patience_with_broker, time.steady()), time);
        hub = weak.lock();
        if (hub)
            hub->remember(channel, found);
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        telemetry::log(level::warn, "realtime", "a channel's history cannot be had from the other nodes' store",
                       {{"hub", name}, {"channel", channel}, {"error", std::string(e.what())}});
    }
}

} // namespace infra::realtime::detail
