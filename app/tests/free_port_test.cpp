#include "src/free_port.hpp"

#include <infra/http_server.hpp>

#include <gtest/gtest.h>

namespace infra::app {
namespace {

TEST(FreePort, IsForAServerOnAnyAddress) {
    const free_port kept;
    for (const char* host : {"127.0.0.1", "0.0.0.0", "::1", "::"}) {
        http::server server(http::router{}, {.host = host, .port = kept.number()});
        server.listen();
        EXPECT_EQ(server.port(), kept.number()) << host;
    }
}

TEST(FreePort, IsGivenToNobodyElse) {
    const free_port kept;
    const free_port another;
    EXPECT_NE(kept.number(), another.number());
    http::server server(http::router{}, {.port = kept.number()});
    server.listen();
    http::server second(http::router{}, {.port = kept.number()});
    EXPECT_THROW(second.listen(), error);
}

} // namespace
} // namespace infra::app
