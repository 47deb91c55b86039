#include "src/websocket/origin.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::realtime::websocket {
namespace {

struct origin_case {
    std::string_view origin;
    std::vector<std::string> allowed;
    called_as us;
    bool answer;
};

class Origins : public ::testing::TestWithParam<origin_case> {};

TEST_P(Origins, AreAllowedOrNot) {
    const auto& c = GetParam();
    EXPECT_EQ(is_allowed_origin(c.origin, c.allowed, c.us), c.answer) << c.origin << " at " << c.us.host;
}

constexpr called_as shop{.scheme = "https", .host = "shop.example"};
constexpr called_as behind_proxy{.scheme = "http", .host = "shop.example"};
constexpr called_as local{.scheme = "http", .host = "localhost:3000"};

INSTANTIATE_TEST_SUITE_P(
    SameOrigin, Origins,
    ::testing::Values(
        origin_case{"https://shop.example", {}, shop, true}, origin_case{"https://shop.example:443", {}, shop, true},
        origin_case{"https://SHOP.example", {}, shop, true},
        origin_case{"https://shop.example", {}, behind_proxy, true},
        origin_case{"http://shop.example", {}, behind_proxy, true},
        origin_case{"http://localhost:3000", {}, local, true},
        origin_case{"http://[::1]:3000", {}, {"http", "[::1]:3000"}, true},
        origin_case{"http://[::1]", {}, {"http", "[::1]"}, true}, origin_case{"http://shop.example", {}, shop, false},
        origin_case{"https://shop.example:8443", {}, shop, false}, origin_case{"https://evil.example", {}, shop, false},
        origin_case{"https://shop.example.evil.example", {}, shop, false},
        origin_case{"https://evilshop.example", {}, shop, false},
        origin_case{"http://localhost:3001", {}, local, false}, origin_case{"http://localhost", {}, local, false},
        origin_case{"https://shop.example/", {}, shop, false},
        origin_case{"https://shop.example@evil.example", {}, shop, false},
        origin_case{"https://*.example", {}, {"https", "*.example"}, false}, origin_case{"null", {}, shop, false},
        origin_case{"", {}, shop, false}, origin_case{"shop.example", {}, shop, false},
        origin_case{"://shop.example", {}, shop, false}, origin_case{"https://shop.example", {}, {"https", ""}, false},
        origin_case{"file://", {}, shop, false}));

INSTANTIATE_TEST_SUITE_P(
    Listed, Origins,
    ::testing::Values(origin_case{"https://app.example", {"https://app.example"}, shop, true},
                      origin_case{"https://b", {"https://a", "https://b"}, shop, true},
                      origin_case{"https://app.example", {"https://app.example:443"}, shop, true},
                      origin_case{"https://shop.example", {"https://app.example"}, shop, false},
                      origin_case{"http://app.example", {"https://app.example"}, shop, false},
                      origin_case{"https://a.app.example", {"https://*.app.example"}, shop, true},
                      origin_case{"https://a.b.app.example", {"https://*.app.example"}, shop, true},
                      origin_case{"https://app.example", {"https://*.app.example"}, shop, false},
                      origin_case{"https://.app.example", {"https://*.app.example"}, shop, false},
                      origin_case{"https://evilapp.example", {"https://*.app.example"}, shop, false},
                      origin_case{"https://a.app.example:1", {"https://*.app.example"}, shop, false},
                      origin_case{"null", {"https://app.example"}, shop, false}, origin_case{"null", {"*"}, shop, true},
                      origin_case{"https://any.example", {"*"}, shop, true}));

TEST(OriginOptions, AreRefusedWhenTheyAreNone) {
    for (const std::string bad : {"shop.example", "", "https://", "https://a/b", "https://a*b", "null", "https://*"})
        EXPECT_THROW(check_origins({bad}, "websocket_options::origins"), std::invalid_argument) << bad;
    check_origins({"*", "https://*.shop.example", "http://localhost:3000", "http://[::1]:3000"}, "o");
    try {
        check_origins({"shop.example"}, "websocket_options::origins");
        FAIL();
    } catch (const std::invalid_argument& e) {
        EXPECT_TRUE(std::string_view(e.what()).starts_with("websocket_options::origins: 'shop.example'")) << e.what();
    }
}

} // namespace
} // namespace infra::realtime::websocket
