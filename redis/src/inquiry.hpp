#pragma once

// One question to a cluster: who has which slot?

#include "connector.hpp"
#include "slot_map.hpp"

#include <infra/redis/errc.hpp>
#include <infra/runtime/promise.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::redis::detail {

/// Goes to one node after the other, each with a short start before the next is asked as well: those that say nothing hold
/// up none that would. The first map counts that is no older than the one `before` and knows as many slots; where none is,
/// the newest of them, and of those the fullest.
///
///     auto map = co_await inquiry::of(connector, nodes, before);
///
/// Threads:  one executor's.
/// Errors:   infra::error, which names every node that was asked: errc::not_connected unless one of them refused.
/// Cancel:   terminal, at once.
class inquiry : public std::enable_shared_from_this<inquiry> {
public:
    using map_ptr = std::shared_ptr<const slot_map>;

    /// `through` outlives it.
    static awaitable<map_ptr> of(connector& through, std::vector<address> nodes, map_ptr before);

    inquiry(connector& through, map_ptr before) : through_(through), before_(std::move(before)) {}

private:
    awaitable<void> ask_until_one_answers(std::vector<address> nodes);
    void begin_to_ask(const executor& ex, const address& node);
    awaitable<void> ask(address node);
    awaitable<map_ptr> answer_of(executor ex, address node);
    awaitable<void> news_within(std::chrono::milliseconds time);
    void failed(const address& node, const std::string& why);
    void stop();

    void take(map_ptr map, const address& node);
    void hold_back(map_ptr map, const address& node, const std::string& why);

    connector& through_;
    const map_ptr before_; // null: there was none
    map_ptr map_;
    map_ptr held_back_; // the best of those that may be wrong
    std::string problems_;
    boost::system::error_code code_ = errc::not_connected;
    std::size_t open_ = 0;                       // questions
    std::list<asio::cancellation_signal> stops_; // of all of them
    std::optional<promise<void>> news_;          // of one that has ended
};

} // namespace infra::redis::detail
