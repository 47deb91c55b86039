#pragma once

// A backend on a Redis whose time passes when the suite says so: locks, limits and slots end by the server's clock, and the
// suite owns `now`. Each verb with a later `now` than any before it first brings all that has an end nearer to it.

#include "tests/support.hpp"

#include <infra/queue/redis.hpp>
#include <infra/redis.hpp>

#include <memory>

namespace infra::queue::redis_backend::tests {

/// What the handles of one server share.
class server_time {
public:
    server_time(redis::options at, executor on) : direct_({on}, std::move(at)) {}

    awaitable<void> pass_until(wall_time now);

private:
    redis::client direct_;
    wall_time seen_ = infra::queue::tests::t0;
};

std::shared_ptr<backend> make_aged(std::shared_ptr<backend> inner, std::shared_ptr<server_time> time);

} // namespace infra::queue::redis_backend::tests
