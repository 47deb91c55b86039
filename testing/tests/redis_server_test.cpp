#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace infra::testing {
namespace {

bool somebody_listens_on(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

TEST(RedisServer, CanBeKilledAndStartedAgainOnItsPort) {
    if (!redis_server::installed())
        GTEST_SKIP() << redis_server::how_to_install;
    redis_server server;
    EXPECT_TRUE(somebody_listens_on(server.port()));
    server.kill();
    EXPECT_FALSE(somebody_listens_on(server.port()));
    server.start();
    EXPECT_TRUE(somebody_listens_on(server.port()));
}

TEST(RedisServer, LeavesNothingBehind) {
    if (!redis_server::installed())
        GTEST_SKIP() << redis_server::how_to_install;
    std::string folder;
    {
        const redis_server server({}, false);
        EXPECT_EQ(server.port(), 0);
        folder = server.folder();
        EXPECT_TRUE(std::filesystem::exists(folder));
    }
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(RedisServer, SaysThatItDoesNotStart) {
    if (!redis_server::installed())
        GTEST_SKIP() << redis_server::how_to_install;
    try {
        const redis_server server({"--no-such-option", "1"});
        FAIL() << "it started";
    } catch (const std::runtime_error& e) {
        EXPECT_NE(std::string(e.what()).find("no-such-option"), std::string::npos) << e.what();
    }
}

} // namespace
} // namespace infra::testing
