#pragma once

// How the parts of a call get to their nodes, and what happens when those send them on.

#include "cluster_plan.hpp"
#include "node_lines.hpp"

#include <infra/base/error.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::redis::detail {

using lines_ptr = std::shared_ptr<node_lines>;

/// Several parts, each to its node, all of them at once, and after whatever redirections they meet. On the executor of its
/// lines.
///
///     journey j(lines, std::move(parts), limit);
///     co_await j.run();                          // throws when a part fails
///     auto replies = j.take();
class journey {
public:
    journey(lines_ptr on, std::vector<part> parts, deadline limit);
    ~journey();
    journey(const journey&) = delete;
    journey& operator=(const journey&) = delete;

    awaitable<void> run();

    /// Of each part, in order.
    std::vector<std::vector<reply>> take();

private:
    struct routed;
    struct leg;
    using leg_ptr = std::shared_ptr<leg>;
    using open_legs = std::unordered_map<address, leg_ptr, address_hash>;

    static awaitable<void> travel(lines_ptr on, leg_ptr l, deadline limit);
    static awaitable<void> travel(lines_ptr on, std::vector<leg_ptr> legs, deadline limit);
    std::optional<address> target(const routed& p) const;

    std::vector<leg_ptr> next_legs();
    void put_on_a_leg(routed& p, const address& to, open_legs& open, std::vector<leg_ptr>& all);
    void nobody_has(routed& p);
    void look_at(leg& l);
    void look_at(routed& p, const address& from);
    void follow(routed& p, const redirection& told);
    awaitable<void> pause(std::chrono::milliseconds time);
    void end_in_failure();
    bool is_over() const;
    bool has_failed() const;
    std::chrono::milliseconds longest_wait();
    steady_time now() const { return on_->shared()->time().steady(); }

    const lines_ptr on_;
    const deadline limit_;
    std::vector<routed> all_;
};

/// What to throw when this is all that came of a command, or of a part of one, that was sent before to a node that is gone.
error executed_by_one_gone(std::string_view said);

} // namespace infra::redis::detail
