#include <infra/email/transport.hpp>

#include "tests/support.hpp"

#include <infra/email/failover.hpp>

#include <gtest/gtest.h>

namespace infra::email {
namespace {

TEST(Transport, OfAUrlIsMadeByItsScheme) {
    const std::pair<const char*, const char*> table[] = {
        {"memory:", "memory"},
        {"log:", "log"},
        {"log:?text=yes", "log"},
        {"outbox:var/outbox", "outbox"},
        {"  memory: \n", "memory"},
        {"memory: outbox:var/outbox", "failover"},
        {"outbox:/my mail/outbox log:", "failover"},
        {"outbox:/my mail/outbox", "outbox"},
    };
    for (const auto& [url, name] : table)
        EXPECT_EQ(make_transport(url)->name(), name) << url;
}

TEST(Transport, OfABadUrlIsRefusedWithoutRepeatingIt) {
    for (const auto* bad :
         {"memory:s3cret", "log:?text=s3cret", "log://s3cret", "nothing://u:s3cret@host",
          "memory: nothing://u:s3cret@host", "nothing:s3cret memory:", "s3cret", "", "outbox:", "  "}) {
        const auto [code, sentence] = failure_of([&] { make_transport(bad); });
        EXPECT_EQ(code, infra::errc::misconfigured) << bad;
        EXPECT_EQ(sentence.find("s3cret"), std::string::npos) << sentence;
    }
}

TEST(Transport, OfAListSaysWhichUrlIsWrong) {
    const auto [code, sentence] = failure_of([] { make_transport("memory: nothing://u:p@host log:"); });
    EXPECT_TRUE(sentence.starts_with("URL 2 of 3: ")) << sentence;
}

TEST(Transport, ListsAreSplitBeforeSchemes) {
    using urls = std::vector<std::string_view>;
    EXPECT_EQ(urls_of(""), urls());
    EXPECT_EQ(urls_of("   "), urls());
    EXPECT_EQ(urls_of("a:"), urls{"a:"});
    EXPECT_EQ(urls_of("no url"), urls{"no url"});
    EXPECT_EQ(urls_of(" a:b  c+d-1.2:e\tf:\n"), (urls{"a:b", "c+d-1.2:e", "f:"}));
    EXPECT_EQ(urls_of("outbox:/my  mail 1:2 smtp://h"), (urls{"outbox:/my  mail 1:2", "smtp://h"}));
}

} // namespace
} // namespace infra::email
