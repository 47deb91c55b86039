#pragma once

// Who is disconnected on all nodes. It is said once and kept for an hour: a node that could not hear it reads it.

#include "bell.hpp"
#include "ground.hpp"

#include <string>
#include <string_view>

namespace infra::realtime::over_redis {

/// Threads: say() from any; the rest on the loop.
class control {
public:
    explicit control(ground& on) : on_(on) {}

    /// What is to be executed for it to be said.
    redis::command say(const disconnection& what) const;

    void begin(const executor& ex) { bell_.begin(ex); }
    void hear(std::string_view text);
    void doubt();                 ///< something may not have been heard
    awaitable<void> find_place(); ///< returns once it knows where it begins; tries until then
    awaitable<void> read_on();
    void close() { bell_.close(); }

private:
    awaitable<bool> read();

    ground& on_;
    bell bell_;
    bool doubts_ = false;
    std::string read_to_{}; // an id of the stream's
};

} // namespace infra::realtime::over_redis
