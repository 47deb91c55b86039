#include "fake_backend.hpp"

namespace infra::queue::tests {
namespace {

TEST(QueueBackends, AreFoundByTheSchemeOfTheirUrl) {
    std::string asked;
    register_backend("fake-of-backend-test", [&](std::string_view url) {
        asked = url;
        return std::make_shared<fake_backend>();
    });
    EXPECT_EQ(make_backend("fake-of-backend-test:some/where")->description(), "fake:");
    EXPECT_EQ(asked, "fake-of-backend-test:some/where");
}

TEST(QueueBackends, OfUnknownSchemesAreRefusedWithoutRepeatingTheUrl) {
    for (const auto* url : {"redis-of-nobody://user:secret@host", "no colon, secret", "", ":secret"}) {
        try {
            make_backend(url);
            FAIL() << url;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), infra::errc::misconfigured);
            EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos) << e.what();
            EXPECT_NE(std::string(e.what()).find("infra::queue_sqlite"), std::string::npos) << e.what();
        }
    }
}

TEST(QueueErrors, HaveASentenceForEveryCode) {
    for (const auto code :
         {errc::unavailable, errc::corrupt, errc::incompatible, errc::too_large, errc::invalid_payload}) {
        const boost::system::error_code ec = code;
        EXPECT_EQ(std::string(ec.category().name()), "infra.queue");
        EXPECT_FALSE(ec.message().starts_with("unknown")) << ec.value();
    }
}

} // namespace
} // namespace infra::queue::tests
