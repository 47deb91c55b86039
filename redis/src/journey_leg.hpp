#pragma once

// What goes to one node as one request, and the parts it is made of.

#include "journey.hpp"
#include "redirect.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <chrono>
#include <exception>

namespace infra::redis::detail {

/// A part on its way.
struct journey::routed : part {
    explicit routed(part p) : part(std::move(p)) {}

    void add_to(leg& l);

    redirect_policy policy{};
    std::optional<address> ask{}; ///< once, with ASKING
    std::vector<reply> replies{}; ///< of `what`
    std::exception_ptr failure{};
    std::chrono::milliseconds wait{0}; ///< before it is tried again
    bool done = false;
    bool may_have_run = false; ///< although it is not done
};

/// What goes to one node as one request. Shared with its coroutine, which a cancelled call does not wait for.
struct journey::leg {
    node_lines::line_ptr through;
    std::vector<routed*> parts{}; ///< not for its coroutine
    std::vector<command> commands{};
    std::vector<reply> replies{};
    bool atomic = false;
    bool anywhere = true; ///< none of it belongs to this node
    std::size_t answered = 0;
    bool sent = false;
    bool repeated = false;  ///< after a loss: a first time may have been executed
    bool elsewhere = false; ///< what is unanswered has to be asked elsewhere
    std::exception_ptr failure{};
    asio::cancellation_signal stop{};
};

} // namespace infra::redis::detail
