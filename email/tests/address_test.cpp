#include <infra/email/address.hpp>
#include <infra/email/message.hpp>

#include <gtest/gtest.h>

namespace infra::email {
namespace {

struct reading {
    std::string text, name, email;
};

TEST(Address, IsReadFromText) {
    const reading table[] = {
        {"ann@example.org", "", "ann@example.org"},
        {"  ann@example.org ", "", "ann@example.org"},
        {"Ann Lee <ann@example.org>", "Ann Lee", "ann@example.org"},
        {"<ann@example.org>", "", "ann@example.org"},
        {"\"Lee, \\\"Ann\\\"\" <ann@example.org>", "Lee, \"Ann\"", "ann@example.org"},
        {"Änn <ann@example.org>", "Änn", "ann@example.org"},
        {"", "", ""},
    };
    for (const auto& [text, name, email] : table) {
        EXPECT_EQ(address(text).name(), name) << text;
        EXPECT_EQ(address(text).email(), email) << text;
    }
}

// `"a@b.org, Cy <c@d.org>"` is two addresses, not Cy under an odd name: nobody may be forgotten in silence.
TEST(Address, IsNotReadFromTextWhoseNameWouldNeedQuotes) {
    for (const std::string text :
         {"a@b.org, Cy <c@d.org>", "Ann <a@b.org>, Cy <c@d.org>", "\"Ann\" <a@b.org>, \"Cy\" <c@d.org>",
          "a@b.org; Cy <c@d.org>", "Team: Cy <c@d.org>", "Cy (home) <c@d.org>", "[Cy] <c@d.org>", "C\\y <c@d.org>",
          "c@d.org <c@d.org>", "\"Cy <c@d.org>", "Cy\" <c@d.org>", "\"Cy\\\" <c@d.org>", "\" <c@d.org>"}) {
        EXPECT_EQ(address(text).name(), "") << text;
        EXPECT_FALSE(is_valid_address(address(text).email())) << text;
    }
    EXPECT_EQ(address("Dr. Cy O'Neil-Lee & Sons <c@d.org>").name(), "Dr. Cy O'Neil-Lee & Sons");
}

TEST(Address, KeepsANameFromOutsideApart) {
    const auto a = address::named("Ann <evil@example.org>", "ann@example.org");
    EXPECT_EQ(a.name(), "Ann <evil@example.org>");
    EXPECT_EQ(a.email(), "ann@example.org");
}

TEST(Address, IsOneOrAListOfThem) {
    const std::vector<std::string> many{"a@x.org", "b@x.org", "c@x.org"};
    EXPECT_EQ(message({.to = "a@x.org"}).to.size(), 1u);
    EXPECT_EQ(message({.to = {"a@x.org", "b@x.org"}}).to.size(), 2u);
    EXPECT_EQ(message({.to = {{"a@x.org", "b@x.org"}}}).to.size(), 2u);
    EXPECT_EQ(message({.to = many}).to.size(), 3u);
    EXPECT_EQ(message({.to = address::named("A", "a@x.org")}).to[0].name(), "A");
    static_assert(!std::is_constructible_v<address, const char*, const char*>);
}

TEST(ValidAddress, IsADotAtomAtADomain) {
    for (const auto* good : {"a@b.co", "ann.lee+tag@mail.example.org", "x!#$%&'*+-/=?^_`{|}~@example.org", "1@2.x3",
                             "a@xn--bcher-kva.example", "A@EXAMPLE.ORG"})
        EXPECT_TRUE(is_valid_address(good)) << good;
    EXPECT_TRUE(is_valid_address(std::string(64, 'a') + "@example.org"));
}

TEST(ValidAddress, IsNothingElse) {
    for (const auto* bad : {"",
                            "@",
                            "a@",
                            "@b.co",
                            "a",
                            "a@b",
                            "a@b.",
                            "a@.b.co",
                            "a@b..co",
                            ".a@b.co",
                            "a.@b.co",
                            "a..b@c.co",
                            "a b@c.co",
                            "a@b c.co",
                            "a@-b.co",
                            "a@b-.co",
                            "a@1.2.3.4",
                            "a@[1.2.3.4]",
                            "\"a b\"@c.co",
                            "a@b@c.co",
                            "a@b.co,d@e.co",
                            "Ann <a@b.co>",
                            "<a@b.co>",
                            "a@b.co\n",
                            "a@b.co\r\nBcc: x@y.z",
                            "ä@b.co",
                            "a@bü.co",
                            "a(c)@b.co",
                            " a@b.co"})
        EXPECT_FALSE(is_valid_address(bad)) << bad;
    EXPECT_FALSE(is_valid_address(std::string_view("a@b.co\0", 7)));
    EXPECT_FALSE(is_valid_address(std::string(65, 'a') + "@example.org"));
    EXPECT_FALSE(is_valid_address("a@" + std::string(64, 'b') + ".org"));
    std::string long_domain = "a@";
    for (int i = 0; i < 64; ++i)
        long_domain += "abc.";
    EXPECT_FALSE(is_valid_address(long_domain + "org"));
}

// A path of RFC 5321 has 256 characters with its angle brackets (erratum 1690 of RFC 3696).
TEST(ValidAddress, HasAtMost254Characters) {
    const auto domain = std::string(61, 'b') + "." + std::string(61, 'c') + "." + std::string(61, 'd') + ".org";
    EXPECT_TRUE(is_valid_address(std::string(254 - domain.size() - 1, 'a') + "@" + domain));
    EXPECT_FALSE(is_valid_address(std::string(255 - domain.size() - 1, 'a') + "@" + domain));
}

} // namespace
} // namespace infra::email
