#include "src/redaction.hpp"

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

TEST(Redaction, KnowsWhatIsCalledASecretInWhateverSpelling) {
    for (const auto* name : {"password", "userPassword", "PASSWD", "access_token", "Set-Cookie", "client-secret",
                             "Authorization", "api_key", "apiKey", "private_key"})
        EXPECT_TRUE(names_a_secret(name)) << name;
    for (const auto* name : {"name", "pass", "key", "author", "email", ""})
        EXPECT_FALSE(names_a_secret(name)) << name;
}

TEST(Redaction, HidesSecretsAtAnyDepth) {
    json::value value{
        {"user", "ann"}, {"password", "hunter2"}, {"sessions", json::array{{{"token", {{"a", 1}}}, {"agent", "x"}}}}};
    EXPECT_EQ(redact(value), 2u);
    const auto text = json::to_text(value);
    EXPECT_EQ(text.find("hunter2"), std::string::npos);
    EXPECT_EQ(value.at("sessions").at(0).at("token"), "•••");
    EXPECT_EQ(value.at("user"), "ann");
}

} // namespace
} // namespace infra::dashboard
