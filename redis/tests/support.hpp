#pragma once

/// What the tests of this room share: infra::testing, by the names they use.

#include <infra/redis.hpp>
#include <infra/testing/redis_server.hpp>
#include <infra/testing/stopwatch.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace infra::redis {

using namespace std::chrono_literals;
using testing::free_port;
using testing::outcome;
using testing::stopwatch;
using testing::temporary_folder;
using testing::test_loop;

class server : public testing::redis_server {
public:
    using redis_server::redis_server;

    options over_socket() const { return {.socket_path = socket()}; }
    options over_tcp() const { return {.port = port()}; }
};

} // namespace infra::redis
