#include "topology.hpp"

#include "attempt.hpp"
#include "inquiry.hpp"
#include "lane.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace infra::redis::detail {
namespace {

constexpr auto between_questions = std::chrono::milliseconds(200);
const std::string no_answer = "cannot ask the cluster";

std::vector<address> seeds_of(const cluster_options& o) {
    std::vector<address> out;
    for (const auto& each : o.seeds)
        out.push_back({.host = each.host, .port = each.port});
    return out;
}

// What asking again will not mend by itself.
bool will_not_mend(const boost::system::error_code& code) { return code != errc::not_connected; }

void shuffle(std::vector<address>& all) {
    for (std::size_t i = all.size(); i > 1; --i)
        std::swap(all[i - 1], all[random_u64() % i]);
}

} // namespace

topology::topology(connector& through, std::string name)
    : through_(through), name_(std::move(name)), seeds_(seeds_of(*through.settings().cluster)) {}

void topology::work_on(const std::shared_ptr<lane>& home, std::function<void()> changed) {
    home_ = home;
    changed_ = std::move(changed);
}

topology::map_ptr topology::current() const {
    const std::scoped_lock lock(mutex_);
    return map_;
}

// --- What nodes tell in passing --------------------------------------------------------------------------------------

redirection topology::heed(const reply& r, const address& from, const command& asked) {
    auto told = redirection_in(r, from, asked);
    if (told.type == redirection::kind::moved)
        repoint(told.slot, told.to);
    if (told.type == redirection::kind::moved || told.type == redirection::kind::down)
        refresh();
    return told;
}

void topology::repoint(std::uint16_t slot, const address& to) {
    const std::scoped_lock lock(mutex_);
    if (!map_)
        return;
    const auto* const owner = map_->owner(slot);
    const bool is_news = !owner || *owner != to;
    if (!is_news || (map_->masters().size() == slot_map::max_masters && !map_->has_master(to)))
        return;
    const auto changed = std::make_shared<slot_map>(*map_);
    changed->repoint(slot, to);
    map_ = changed;
    ++version_;
}

// --- Asking ----------------------------------------------------------------------------------------------------------

void topology::refresh() {
    {
        const std::scoped_lock lock(mutex_);
        wished_ = true;
        if (closed_ || std::exchange(working_, true))
            return;
    }
    try {
        if (const auto home = home_.lock())
            home->post([self = shared_from_this()] { self->begin_to_work(); });
    } catch (...) {
        end_work();
        throw;
    }
}

// The lane keeps alive what is worked through.
void topology::begin_to_work() try {
    const auto home = home_.lock();
    if (!home)
        return;
    const context_scope nobodys{context()};
    asio::co_spawn(
        home->get_executor(), work(),
        asio::bind_cancellation_slot(stop_.slot(), [self = shared_from_this(), home](std::exception_ptr failure) {
            if (failure)
                self->end_work();
        }));
} catch (const std::exception& e) {
    complain(troubles_, no_answer, name_, e.what(), through_.time().steady());
    end_work();
}

// Not in peace: whoever waits asks for it again.
void topology::end_work() {
    const std::scoped_lock lock(mutex_);
    working_ = false;
    tell_waiting({});
}

void topology::tell_waiting(std::exception_ptr failure) {
    for (const auto& [key, each] : std::exchange(waiting_, {}))
        if (failure)
            each.set_exception(failure);
        else
            each.set_value();
}

bool topology::take_wish() {
    const std::scoped_lock lock(mutex_);
    working_ = std::exchange(wished_, false) && !closed_;
    return working_;
}

awaitable<void> topology::work() {
    const auto self = shared_from_this();
    while (take_wish()) {
        co_await ask();
        co_await through_.time().sleep_for(between_questions);
    }
}

awaitable<void> topology::ask() {
    try {
        set(co_await inquiry::of(through_, whom_to_ask(), current()));
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        failed(e.code(), e.what());
    } catch (const std::exception& e) { // no memory: next time there may be
        failed(errc::not_connected, e.what());
    }
}

// Those that are known before those that were configured, each of them in an order of its own, so that not all clients
// ask the same.
std::vector<address> topology::whom_to_ask() const {
    constexpr std::size_t enough = 8; // of a large cluster
    std::vector<address> out;
    if (const auto map = current())
        out = map->masters();
    shuffle(out);
    out.resize(std::min(out.size(), enough));
    auto seeds = seeds_;
    shuffle(seeds);
    for (auto& each : seeds)
        if (std::ranges::find(out, each) == out.end())
            out.push_back(std::move(each));
    return out;
}

void topology::set(map_ptr map) {
    troubles_.mended(no_answer, name_);
    {
        const std::scoped_lock lock(mutex_);
        map_ = std::move(map);
        ++version_;
        problem_.clear();
        tell_waiting({});
    }
    changed_();
}

void topology::failed(boost::system::error_code code, const std::string& why) {
    complain(troubles_, no_answer, name_, why, through_.time().steady());
    const std::scoped_lock lock(mutex_);
    problem_ = why;
    tell_waiting(will_not_mend(code) ? std::make_exception_ptr(error(code, name_ + ": " + why)) : nullptr);
}

// --- Waiting for the first map ---------------------------------------------------------------------------------------

std::uint64_t topology::wait_for_an_answer(promise<void> whom) {
    const std::scoped_lock lock(mutex_);
    if (closed_)
        throw error(infra::errc::closed, "the Redis client was stopped");
    waiting_.emplace(next_waiting_, std::move(whom));
    return next_waiting_++;
}

awaitable<void> topology::known(deadline limit) {
    struct entry {
        topology& of;
        std::uint64_t key;
        ~entry() {
            const std::scoped_lock lock(of.mutex_);
            of.waiting_.erase(key);
        }
    };
    const auto self = shared_from_this();
    while (!current()) {
        const promise<void> asked(co_await asio::this_coro::executor);
        const entry mine{*this, wait_for_an_answer(asked)};
        refresh();
        try {
            co_await with_deadline(asked.get(), limit, through_.time());
        } catch (const error& e) {
            if (e.code() != infra::errc::timed_out)
                throw;
            const std::scoped_lock lock(mutex_);
            throw error(errc::not_connected, name_ + ": nobody has told who has which slot by the deadline" +
                                                 (problem_.empty() ? "" : " (" + problem_ + ")"));
        }
    }
}

awaitable<address> any_node::find(executor, deadline limit) {
    co_await of_.known(limit);
    const auto map = of_.current();
    co_return map->masters()[random_u64() % map->masters().size()];
}

void topology::close() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
        attempt([this] {
            tell_waiting(std::make_exception_ptr(error(infra::errc::closed, "the Redis client was stopped")));
        });
    }
    const auto end = [self = shared_from_this()] { self->stop_.emit(asio::cancellation_type::terminal); };
    if (const auto home = home_.lock())
        attempt([&] { home->post(end); });
}

} // namespace infra::redis::detail
