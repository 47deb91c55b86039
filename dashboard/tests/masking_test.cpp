#include "src/masking.hpp"

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

TEST(Masking, KnowsWhatIsCalledASecretInWhateverSpelling) {
    for (const auto* name : {"password", "userPassword", "PASSWD", "access_token", "Set-Cookie", "client-secret",
                             "Authorization", "api_key", "apiKey", "private_key"})
        EXPECT_TRUE(names_a_secret(name)) << name;
    for (const auto* name : {"name", "pass", "key", "author", "email", ""})
        EXPECT_FALSE(names_a_secret(name)) << name;
}

TEST(Masking, HidesWholeValuesAtAnyDepth) {
    json::value value{
        {"user", "ann"}, {"password", 1234}, {"sessions", json::array{{{"token", {{"a", 1}}}, {"agent", "x"}}}}};
    EXPECT_EQ(mask_in(value), 2u);
    EXPECT_EQ(value.at("password"), "[masked]");
    EXPECT_EQ(value.at("sessions").at(0).at("token"), "[masked]");
    EXPECT_EQ(value.at("user"), "ann");
}

} // namespace
} // namespace infra::dashboard
