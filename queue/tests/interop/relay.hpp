#pragma once

// What stands between a program of ours and its server, and cuts the connection when answers are on their way.

#include <infra/runtime/event_loop.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace infra::queue::interop {

/// On loopback, on a loop of its own.
class relay {
public:
    explicit relay(std::uint16_t to);
    ~relay();

    std::uint16_t port() const;

    /// The server does what it was asked, its answer is lost, and so is the connection: of every n-th piece of an answer;
    /// 0: never.
    void lose_every(int n) noexcept;
    int lost() const noexcept;

private:
    struct state;
    event_loop loop_{"relay"};
    std::shared_ptr<state> state_;
};

} // namespace infra::queue::interop
