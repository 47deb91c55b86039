#include "support.hpp"

#include <infra/health/tcp.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::health {
namespace {

using tcp = asio::ip::tcp;

struct server {
    asio::io_context io;
    tcp::acceptor listener{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::uint16_t port() const { return listener.local_endpoint().port(); }
};

TEST(HealthTcp, IsHealthyWhereSomebodyAccepts) {
    const server there;
    const auto said = wait(tcp_check({.host = "127.0.0.1", .port = there.port()})());
    EXPECT_EQ(said.status, health_status::healthy) << said.message;
}

TEST(HealthTcp, SaysWhoRefused) {
    std::uint16_t port = 0;
    {
        const server gone;
        port = gone.port();
    }
    const auto said = wait(tcp_check({.host = "127.0.0.1", .port = port})());
    EXPECT_EQ(said.status, health_status::unhealthy);
    EXPECT_EQ(said.message, "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST(HealthTcp, SaysWhichNameIsNone) {
    const auto said = wait(tcp_check({.host = "not a name", .port = 1})());
    EXPECT_EQ(said.status, health_status::unhealthy);
    EXPECT_EQ(said.message.find("cannot connect to not a name:1: "), 0u) << said.message;
}

TEST(HealthTcp, NamesABadOption) {
    EXPECT_THROW(tcp_check({.host = "", .port = 1}), std::invalid_argument);
    EXPECT_THROW(tcp_check({.host = "db"}), std::invalid_argument);
}

} // namespace
} // namespace infra::health
