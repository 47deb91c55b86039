#include "src/cors.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::http::detail {
namespace {

headers preflight(std::string_view origin, std::string_view asks = "x-token") {
    return {{"Origin", origin}, {"Access-Control-Request-Method", "PUT"}, {"Access-Control-Request-Headers", asks}};
}

headers answer(const cors_policy& policy, const headers& request) {
    headers made;
    policy.answer_preflight(request, made);
    return made;
}

headers decoration(const cors_policy& policy, std::string_view origin) {
    headers made;
    policy.decorate(origin, made);
    return made;
}

TEST(Cors, PreflightIsAnOptionsRequestThatAsks) {
    EXPECT_TRUE(cors_policy::is_preflight(method::options, preflight("https://a.example")));
    EXPECT_FALSE(cors_policy::is_preflight(method::get, preflight("https://a.example")));
    EXPECT_FALSE(cors_policy::is_preflight(method::options, {{"Origin", "https://a.example"}}));
}

TEST(Cors, TellsAKnownOriginWhatItMayDo) {
    const cors_policy policy(
        {.origins = {"https://a.example"}, .methods = {"GET", "PUT"}, .headers = {"x-token"}, .credentials = true});
    const auto made = answer(policy, preflight("https://a.example"));
    EXPECT_EQ(made.get("Access-Control-Allow-Origin"), "https://a.example");
    EXPECT_EQ(made.get("Access-Control-Allow-Credentials"), "true");
    EXPECT_EQ(made.get("Access-Control-Allow-Methods"), "GET, PUT");
    EXPECT_EQ(made.get("Access-Control-Allow-Headers"), "x-token");
    EXPECT_EQ(made.get("Access-Control-Max-Age"), "600");
    EXPECT_EQ(made.get("Vary"), "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
}

TEST(Cors, TellsAForeignOriginNothing) {
    const cors_policy policy({.origins = {"https://a.example"}});
    for (const auto* origin : {"https://b.example", "http://a.example", "https://a.example.evil.example", "null"}) {
        EXPECT_EQ(answer(policy, preflight(origin)).size(), 1u) << origin; // Vary
        EXPECT_FALSE(decoration(policy, origin).contains("Access-Control-Allow-Origin")) << origin;
    }
}

TEST(Cors, LetsEverybodyInWithoutCredentials) {
    const cors_policy policy({.origins = {"*"}, .headers = {"*"}});
    const auto made = decoration(policy, "https://b.example");
    EXPECT_EQ(made.get("Access-Control-Allow-Origin"), "*");
    EXPECT_FALSE(made.contains("Vary")) << "the same for all may be cached for all";
    EXPECT_EQ(answer(policy, preflight("https://b.example", "x-a, x-b")).get("Access-Control-Allow-Headers"),
              "x-a, x-b");
}

TEST(Cors, ExposesHeadersAndVaries) {
    const cors_policy policy({.origins = {"https://a.example"}, .exposed_headers = {"x-total"}});
    const auto made = decoration(policy, "https://a.example");
    EXPECT_EQ(made.get("Access-Control-Expose-Headers"), "x-total");
    EXPECT_EQ(made.get("Vary"), "Origin");
    EXPECT_EQ(decoration(policy, "").get("Vary"), "Origin");
}

TEST(Cors, RefusesOptionsThatWouldOpenTooMuch) {
    EXPECT_THROW(cors_policy({}), std::invalid_argument);
    EXPECT_THROW(cors_policy({.origins = {"*"}, .credentials = true}), std::invalid_argument);
}

} // namespace
} // namespace infra::http::detail
