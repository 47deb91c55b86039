#include "sentinel_place.hpp"

#include "conversation.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace infra::redis::detail {
namespace {

constexpr auto patience_with_sentinel = std::chrono::milliseconds(500); // there are others
constexpr std::size_t max_sentinel_answer = 256 * 1024;

std::vector<address> sentinels_of(const sentinel_options& o) {
    std::vector<address> out;
    for (const auto& each : o.sentinels)
        out.push_back({.host = each.host, .port = each.port});
    return out;
}

} // namespace

options sentinel_settings(const options& o) {
    auto out = o;
    out.username = o.sentinel->username;
    out.password = o.sentinel->password;
    out.database = 0;
    out.connect_timeout = std::min(o.connect_timeout, patience_with_sentinel);
    out.sentinel.reset();
    return out;
}

struct sentinel_place::attempt {
    std::optional<address> found{};
    bool refused = false; ///< somebody answered, and it did not help
    std::string problems{};

    void note(const address& who, const std::string& why) {
        problems += (problems.empty() ? "" : "; ") + to_string(who) + ": " + fit_to_show(why, {});
    }
};

sentinel_place::sentinel_place(const options& o, clock& time)
    : master_(o.sentinel->master),
      sentinels_(sentinel_settings(o), time, std::make_unique<fixed_place>(o)),
      list_(sentinels_of(*o.sentinel)) {}

awaitable<address> sentinel_place::find(executor ex, deadline limit) {
    attempt result;
    const auto all = order();
    for (auto left = all.size(); left > 0; --left) {
        const auto by = share(limit, sentinels_.time().steady(), left + 1); // the server itself wants one, too
        co_await ask(ex, all[all.size() - left], by, result);
        if (result.found)
            co_return *result.found;
    }
    if (result.refused)
        throw error(errc::refused, "no sentinel tells where the master '" + master_ + "' is (" + result.problems + ")");
    throw error(errc::not_connected, "no sentinel answers (" + result.problems + ")");
}

awaitable<void> sentinel_place::ask(executor ex, address sentinel, deadline limit, attempt& into) {
    try {
        const auto by = earlier(limit, deadline::after(patience_with_sentinel, sentinels_.time().steady()));
        const auto answers = co_await sentinels_.ask_at(
            std::move(ex), sentinel, {ask_for_master(master_), ask_for_sentinels(master_)}, max_sentinel_answer, by);
        into.found = master_in(answers[0]);
        if (into.found)
            co_return heard(sentinel, *into.found, sentinels_in(answers[1]));
        into.refused = true;
        into.note(sentinel, "it knows no master of that name");
        ask_last(sentinel);
    } catch (const boost::system::system_error& e) {
        ask_last(sentinel);
        if (e.code() == asio::error::operation_aborted)
            throw;
        into.refused |= e.code() != errc::not_connected;
        into.note(sentinel, e.what());
    }
}

void sentinel_place::check(const address& found, const server_facts& facts) {
    if (!facts.role.empty() && facts.role != "master")
        throw error(errc::not_connected, "the sentinels say that the master '" + master_ + "' is at " +
                                             to_string(found) + ", which says that it is a " + facts.role);
    const std::scoped_lock lock(mutex_);
    list_.right(found);
}

void sentinel_place::was_wrong(const address& found) {
    const std::scoped_lock lock(mutex_);
    list_.wrong(found);
}

void sentinel_place::believe(const address& by) {
    const std::scoped_lock lock(mutex_);
    list_.ask_first(by);
}

std::vector<address> sentinel_place::order() const {
    const std::scoped_lock lock(mutex_);
    return list_.order();
}

void sentinel_place::heard(const address& from, const address& master, std::vector<address> others) {
    const std::scoped_lock lock(mutex_);
    list_.told(from, master, std::move(others));
}

void sentinel_place::ask_last(const address& sentinel) {
    const std::scoped_lock lock(mutex_);
    list_.ask_last(sentinel);
}

any_sentinel::any_sentinel(const options& o) : all_(sentinels_of(*o.sentinel)) {}

awaitable<address> any_sentinel::find(executor, deadline) {
    const std::scoped_lock lock(mutex_);
    std::rotate(all_.begin(), all_.begin() + 1, all_.end());
    co_return all_.back();
}

} // namespace infra::redis::detail
