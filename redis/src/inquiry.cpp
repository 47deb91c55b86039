#include "inquiry.hpp"

#include "complaints.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace infra::redis::detail {
namespace {

constexpr auto patience_with_node = std::chrono::milliseconds(1000);
constexpr auto head_start = std::chrono::milliseconds(50); // before the next: a node nearby has answered by then
constexpr std::size_t max_slots_answer = 16 * 1024 * 1024;

// What a server says while it has something else to do.
void throw_if_busy(const reply& r) {
    const auto code = r.error_code();
    if (code == "BUSY" || code == "LOADING" || code == "MASTERDOWN")
        throw error(errc::not_connected, in_brief(r.error_message()));
}

} // namespace

awaitable<inquiry::map_ptr> inquiry::of(connector& through, std::vector<address> nodes, map_ptr before) {
    const auto self = std::make_shared<inquiry>(through, std::move(before));
    try {
        co_await self->ask_until_one_answers(std::move(nodes));
    } catch (...) {
        self->stop();
        throw;
    }
    self->stop();
    if (!self->map_)
        self->map_ = self->held_back_; // a cluster that was made anew begins its epochs anew
    if (!self->map_)
        throw error(self->code_, "no node tells who has which slot (" + self->problems_ + ")");
    co_return self->map_;
}

awaitable<void> inquiry::ask_until_one_answers(std::vector<address> nodes) {
    const auto ex = co_await asio::this_coro::executor;
    for (const auto& each : nodes) {
        begin_to_ask(ex, each);
        co_await news_within(head_start);
        if (map_)
            co_return;
    }
    while (!map_ && open_ > 0)
        co_await news_within(patience_with_node);
}

void inquiry::begin_to_ask(const executor& ex, const address& node) {
    ++open_;
    asio::co_spawn(
        ex, ask(node),
        asio::bind_cancellation_slot(stops_.emplace_back().slot(), [self = shared_from_this()](std::exception_ptr) {
            --self->open_;
            if (self->news_)
                self->news_->set_value();
        }));
}

awaitable<void> inquiry::ask(address node) {
    const auto self = shared_from_this();
    try {
        take(co_await answer_of(co_await asio::this_coro::executor, node), node);
    } catch (const boost::system::system_error& e) {
        if (e.code() != errc::not_connected)
            code_ = e.code() == errc::server ? make_error_code(errc::refused) : e.code();
        failed(node, e.what());
    } catch (const std::exception& e) { // no memory: next time there may be
        failed(node, e.what());
    }
}

// A node that is cut off from the others tells of a time before the last failover; one that is new among them, or was told
// to forget one, has not heard yet what all of them serve.
void inquiry::take(map_ptr map, const address& node) {
    if (before_ && map->epoch() > 0 && map->epoch() < before_->epoch())
        hold_back(std::move(map), node, "its map is older than one that was told before");
    else if (before_ && map->slots_served() < before_->slots_served())
        hold_back(std::move(map), node, "it knows fewer slots than were told before");
    else if (!map_)
        map_ = std::move(map);
}

void inquiry::hold_back(map_ptr map, const address& node, const std::string& why) {
    const auto worth = [](const slot_map& m) { return std::pair(m.epoch(), m.slots_served()); };
    failed(node, why);
    if (!held_back_ || worth(*map) > worth(*held_back_))
        held_back_ = std::move(map);
}

awaitable<inquiry::map_ptr> inquiry::answer_of(executor ex, address node) {
    const auto by = deadline::after(patience_with_node, through_.time().steady());
    std::vector<command> questions{{"CLUSTER", "SLOTS"}, {"CLUSTER", "INFO"}};
    const auto answers = co_await through_.ask_at(std::move(ex), node, std::move(questions), max_slots_answer, by);
    throw_if_busy(answers.front());
    auto map = std::make_shared<slot_map>(slot_map::from(answers.front(), node, before_.get()));
    map->set_epoch(epoch_in(answers.back()));
    if (map->masters().empty())
        throw error(errc::not_connected, "it knows nobody who has a slot");
    co_return map;
}

void inquiry::failed(const address& node, const std::string& why) {
    problems_ += (problems_.empty() ? "" : "; ") + to_string(node) + ": " + in_brief(why);
}

awaitable<void> inquiry::news_within(std::chrono::milliseconds time) {
    news_.emplace(co_await asio::this_coro::executor);
    try {
        co_await with_deadline(news_->get(), deadline::after(time, through_.time().steady()), through_.time());
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            throw;
    }
}

void inquiry::stop() {
    for (auto& each : stops_)
        each.emit(asio::cancellation_type::terminal);
}

} // namespace infra::redis::detail
