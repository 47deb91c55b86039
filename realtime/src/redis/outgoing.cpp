#include "outgoing.hpp"

#include "scripts.hpp"
#include "wire.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

constexpr std::size_t bytes_for_each_message = 8 * 1024; // one message may be larger, if it goes alone
constexpr std::size_t most_debts = 10'000;

bool is_kept(const ground& on, const parcel& p) { return on.history_of(p.channel).size > 0; }

} // namespace

bool outgoing::push(parcel p) {
    if (!on_.up || on_.stopping)
        return false;
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= on_.options.max_unsent)
        return false;
    waiting_.push_back(std::move(p));
    bell_.ring();
    return true;
}

void outgoing::owe(const std::string& channel, bool everywhere, std::uint64_t messages) {
    everywhere ? on_.count.in_doubt() : on_.count.said_here();
    const std::scoped_lock lock(mutex_);
    debts_[{channel, everywhere}] += messages;
}

bool outgoing::may_owe(const std::string& channel) const {
    const std::scoped_lock lock(mutex_);
    return debts_.size() < most_debts || debts_.contains({channel, false});
}

std::size_t outgoing::size() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size() + taken_;
}

void outgoing::finish() {
    const std::scoped_lock lock(mutex_);
    finishing_ = true;
    bell_.ring();
}

awaitable<void> outgoing::send() {
    while (true) {
        while (on_.up && co_await send_some()) {
        }
        {
            const std::scoped_lock lock(mutex_);
            if (finishing_ && (waiting_.empty() || !on_.up))
                co_return;
        }
        co_await bell_.wait();
    }
}

// A number that is smaller than one the server has seen is taken for something it has done: what was sent before goes first.
std::vector<parcel> outgoing::take() {
    std::vector<parcel> out;
    const std::scoped_lock lock(mutex_);
    const auto take_waiting = [&](auto wanted) {
        for (; !waiting_.empty() && out.size() < pace_.at_once() && wanted(waiting_.front()); waiting_.pop_front())
            out.push_back(std::move(waiting_.front()));
    };
    take_waiting([](const parcel& p) { return p.number > 0; });
    if (waiting_.empty() || waiting_.front().number == 0)
        take_debts(out);
    take_waiting([](const parcel&) { return true; });
    for (auto& each : out)
        if (each.number == 0)
            each.number = ++last_number_;
    taken_ = out.size();
    return out;
}

void outgoing::take_debts(std::vector<parcel>& into) {
    for (; !debts_.empty() && into.size() < pace_.at_once(); debts_.erase(debts_.begin())) {
        const auto& [of, dropped] = *debts_.begin();
        const auto& [channel, everywhere] = of;
        into.push_back({.channel = channel,
                        .text = text_of_gap(dropped, everywhere ? std::string() : on_.node),
                        .stands_for = dropped});
    }
}

void outgoing::put_back(std::vector<parcel> parcels) {
    const std::scoped_lock lock(mutex_);
    for (auto each = parcels.rbegin(); each != parcels.rend(); ++each)
        waiting_.push_front(std::move(*each));
    taken_ -= parcels.size();
}

void outgoing::all_have_left() {
    const std::scoped_lock lock(mutex_);
    taken_ = 0;
}

awaitable<bool> outgoing::send_some() {
    auto parcels = take();
    const auto redis = on_.redis();
    if (parcels.empty() || !redis)
        co_return false;
    auto all = batch_of(parcels);
    std::vector<redis::reply> replies;
    std::optional<boost::system::system_error> failure;
    const auto begin = on_.time.steady();
    try {
        replies = co_await redis->execute(std::move(all), on_.soon());
        pace_.went_in(on_.time.steady() - begin);
    } catch (const boost::system::system_error& e) {
        failure = e;
    }
    if (failure && is_the_end(failure->code())) {
        put_back(std::move(parcels));
        throw *failure;
    }
    if (failure)
        failed(std::move(parcels), *failure);
    else
        settle(parcels, replies);
    co_return !failure;
}

// What is too much for this time goes back.
redis::batch outgoing::batch_of(std::vector<parcel>& parcels) {
    redis::batch made;
    std::size_t bytes = 0;
    auto each = parcels.begin();
    for (; each != parcels.end() && bytes < pace_.at_once() * bytes_for_each_message; ++each) {
        auto next = command_for(*each);
        bytes += next.encoded_size();
        made.add(std::move(next));
    }
    put_back({std::make_move_iterator(each), std::make_move_iterator(parcels.end())});
    parcels.erase(each, parcels.end());
    return made;
}

// What has a number that the server keeps may be sent again by the client itself.
redis::command outgoing::command_for(const parcel& p) const {
    const auto& history = on_.history_of(p.channel);
    const auto channel = on_.called.channel(p.channel);
    const auto text = p.text.empty() ? text_of(p.what) : p.text;
    const auto& key = p.what.idempotency_key;
    using std::chrono::milliseconds;
    if (history.size > 0) {
        std::vector<std::string> keys{on_.called.stream(p.channel), on_.called.place(p.channel), channel};
        if (!key.empty())
            keys.push_back(on_.called.once(p.channel, key));
        const std::vector<std::string> with{text,
                                            std::to_string(history.size),
                                            std::to_string(history.age.count()),
                                            std::to_string(history.max_bytes),
                                            on_.node,
                                            std::to_string(p.number),
                                            std::to_string(p.what.ttl ? p.what.ttl->count() : -1),
                                            on_.say,
                                            fresh_epoch(),
                                            std::to_string(milliseconds(idempotency_kept).count()),
                                            std::to_string(milliseconds(place_kept).count()),
                                            p.told ? "1" : "0"};
        return scripts::publish.call(keys, with).again(redis::replay::idempotent);
    }
    if (!key.empty())
        return scripts::publish_once.call({channel, on_.called.once(p.channel, key)},
                                          {text, on_.say, milliseconds(idempotency_kept).count()});
    return redis::command{on_.say, channel, text};
}

// What a server refused that loads its data it has not done: it is sent again, unless a later number is there by now, for which
// it would be taken for done.
void outgoing::settle(std::vector<parcel>& parcels, const std::vector<redis::reply>& replies) {
    auto overtaken = replies.size();
    while (overtaken > 0 && (replies[overtaken - 1].is_error() || !is_kept(on_, parcels[overtaken - 1])))
        --overtaken;
    std::vector<parcel> again;
    for (std::size_t i = 0; i < replies.size(); ++i)
        if (i >= overtaken && replies[i].error_code() == "LOADING")
            again.push_back(std::move(parcels[i]));
        else
            settle(parcels[i], replies[i]);
    put_back(std::move(again));
    all_have_left();
    on_.count.sent(
        static_cast<std::size_t>(std::ranges::count_if(replies, [](const redis::reply& r) { return !r.is_error(); })));
    on_.count.unsent(size());
}

void outgoing::settle(parcel& p, const redis::reply& r) {
    if (r.is_error())
        return say_here(p, std::string(r.error_code()));
    if (!p.told)
        return;
    placed at;
    if (r.type() == redis::reply::kind::array && r.items().size() == 3) {
        at.duplicate = r.items()[0].as_integer() != 0;
        at.at = {r.items()[1].as_text(), static_cast<std::uint64_t>(r.items()[2].as_integer())};
    } else if (!p.what.idempotency_key.empty()) {
        at.duplicate = r.as_integer() != 0;
    }
    p.told->set_value(std::move(at));
}

// The server has it not, and will not take it: as if there were no link.
void outgoing::say_here(parcel& p, const std::string& why) {
    telemetry::log(level::error, "realtime", "Redis has refused a message; it is delivered on this node alone",
                   {{"code", why}, {"server", redis::describe(on_.server)}});
    if (p.told)
        return p.told->set_exception(std::make_exception_ptr(
            error(infra::errc::unavailable, redis::describe(on_.server) + ": the message was refused with " + why)));
    if (!p.text.empty())
        return;
    owe(p.channel, false);
    p.what.at = {};
    on_.to->published(p.channel, std::move(p.what));
}

void outgoing::failed(std::vector<parcel> parcels, const boost::system::system_error& why) {
    pace_.failed();
    const bool in_doubt = redis::may_have_been_executed(why.code());
    std::vector<parcel> again;
    for (auto& each : parcels) {
        if (!in_doubt || is_kept(on_, each)) {
            again.push_back(std::move(each));
            continue;
        }
        owe(each.channel, true, each.stands_for);
        if (each.told)
            each.told->set_exception(std::make_exception_ptr(error(
                infra::errc::unavailable, redis::describe(on_.server) +
                                              ": the connection was lost while the message was on its way; it may have "
                                              "been delivered")));
    }
    put_back(std::move(again));
    all_have_left();
    on_.lost_link(why.what());
}

} // namespace infra::realtime::over_redis
