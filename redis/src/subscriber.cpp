#include "subscriber.hpp"

#include "supervisor.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/redis/errc.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {
namespace {

bool same_verb(std::string_view upper, std::string_view lower) {
    return std::ranges::equal(upper, lower, [](char a, char b) { return (a | 0x20) == b; });
}

std::size_t size_of(const message& m) { return sizeof m + m.channel.size() + m.pattern.size() + m.payload.size(); }

} // namespace

void subscription_state::deliver(message m) {
    const auto size = size_of(m);
    const bool fits = bytes_ + size <= max_bytes_ || bytes_ == 0;
    bytes_ += size; // before the reader can take it off
    if (fits && box.post(std::move(m)))
        return;
    bytes_ -= size;
    ++missed;
}

awaitable<std::vector<message>> subscription_state::receive() {
    auto all = co_await box.receive();
    for (const auto& each : all)
        bytes_ -= size_of(each);
    co_return all;
}

// Whoever lets go of it last: the handle, or, when a cancelled caller never got one, what was on its way to him.
subscription_state::~subscription_state() {
    box.close();
    if (const auto home = home_.lock())
        home->post([at = at_, id = id] {
            if (const auto there = at.lock())
                there->unsubscribe(id);
        });
}

awaitable<std::shared_ptr<subscription_state>>
subscriber::subscribe(std::shared_ptr<subscriber> self, subscribe_request request, executor reader, deadline limit) {
    if (self->closed_)
        throw error(infra::errc::closed, "the Redis client was stopped");
    const auto wanted = interests_of(request);
    const auto made = std::make_shared<subscription_state>(reader, request, self->next_id_++, self->lane_, self);
    self->all_.add(made->id, wanted);
    self->listeners_[made->id] = made;
    std::vector<command> commands;
    for (const auto& each : wanted)
        commands.push_back(subscribe_to(each));
    try {
        co_await self->say(std::move(commands), limit);
    } catch (...) {
        self->unsubscribe(made->id);
        throw;
    }
    co_return made;
}

awaitable<void> subscriber::say(std::vector<command> commands, deadline limit) {
    const auto self = shared_from_this();
    line();
    const auto through = pipeline_;
    std::vector<reply> replies(commands.size());
    waiter w(*through, commands, replies, limit, common_->time().steady());
    co_await w.done();
    w.throw_failure();
    for (const auto& each : replies)
        throw_if_error(each);
}

pipeline& subscriber::line() {
    if (!pipeline_) {
        pipeline_ = std::make_shared<pipeline>(executor_, common_, pipeline_manners{.shared = false});
        pipeline_->on_push = [weak = weak_from_this()](reply& r) {
            const auto self = weak.lock();
            return self && self->hear(r);
        };
        connections_ = 0;
        keep_connected(pipeline_, [weak = weak_from_this()] {
            if (const auto self = weak.lock())
                self->on_attach();
        });
    }
    return *pipeline_;
}

// On the first connection everything is being said already.
void subscriber::on_attach() {
    if (++connections_ == 1)
        return;
    asio::co_spawn(executor_, say_all_again(), [](std::exception_ptr) {});
}

awaitable<void> subscriber::say_all_again() {
    const auto self = shared_from_this();
    const auto through = pipeline_;
    const auto connection = connections_;
    std::vector<command> commands;
    for (const auto& each : all_.all())
        commands.push_back(subscribe_to(each));
    if (commands.empty())
        co_return;
    try {
        co_await say(std::move(commands),
                     deadline::after(common_->settings().response_timeout, common_->time().steady()));
    } catch (const boost::system::system_error& e) {
        telemetry::log(level::warn, "redis", "cannot subscribe again",
                       {{"server", common_->server}, {"why", e.what()}});
        if (through == pipeline_ && connection == connections_) // otherwise the next one is at it already
            through->drop(std::string("cannot subscribe again: ") + e.what());
        co_return;
    }
    for (const auto id : all_.everybody())
        if (const auto each = listeners_[id].lock())
            each->deliver({.type = message::kind::resumed});
}

bool subscriber::hear(reply& r) {
    if (auto heard = publication_in(r)) {
        for (const auto id : all_.listeners(heard->first))
            if (const auto each = listeners_[id].lock())
                each->deliver(heard->second);
        return true;
    }
    if (confirmed_by(r).empty() || r.type() != reply::kind::push)
        return false;
    if (!is_answer(r)) {
        heard_unasked(r);
        return true;
    }
    r = reply(std::move(r).take_items());
    return false;
}

bool subscriber::is_answer(const reply& r) const {
    const auto* const due = pipeline_->oldest();
    return pipeline_->owes_answers() && (!due || same_verb(due->name(), confirmed_by(r)));
}

// A server that moves a shard takes subscriptions off unasked: they have to be said again, and elsewhere.
void subscriber::heard_unasked(const reply& r) {
    const auto off = taken_off_by(r);
    if (off && !all_.listeners(*off).empty())
        pipeline_->drop("the server took a subscription off");
}

void subscriber::unsubscribe(std::uint64_t id) {
    listeners_.erase(id);
    const auto unheard = all_.remove(id);
    if (!pipeline_ || pipeline_->closed())
        return;
    if (all_.empty())
        return std::exchange(pipeline_, nullptr)->close();
    std::vector<command> commands;
    for (const auto& each : unheard)
        commands.push_back(unsubscribe_from(each));
    if (commands.empty())
        return;
    auto saying =
        say(std::move(commands), deadline::after(common_->settings().response_timeout, common_->time().steady()));
    asio::co_spawn(executor_, std::move(saying), [](std::exception_ptr) {});
}

void subscriber::close() {
    closed_ = true;
    for (const auto& [id, each] : listeners_)
        if (const auto state = each.lock())
            state->box.close();
    if (pipeline_)
        std::exchange(pipeline_, nullptr)->close();
}

} // namespace infra::redis::detail

namespace infra::redis {

subscription::subscription(std::shared_ptr<detail::subscription_state> of) noexcept : state_(std::move(of)) {}

subscription::~subscription() = default;

awaitable<std::vector<message>> subscription::receive() const { return state_->receive(); }

std::uint64_t subscription::missed() const noexcept { return state_->missed; }

} // namespace infra::redis
