#include "src/smtp/reply.hpp"

#include <gtest/gtest.h>

namespace infra::email::smtp {
namespace {

reply only_reply(std::string bytes) {
    auto r = take_reply(bytes);
    EXPECT_TRUE(r && bytes.empty()) << bytes;
    return r.value_or(reply{});
}

TEST(SmtpReply, HasACodeAndLines) {
    EXPECT_EQ(only_reply("250 ok\r\n").code, 250);
    EXPECT_EQ(only_reply("250 ok\r\n").text, "ok");
    EXPECT_EQ(only_reply("250\r\n").text, "");
    EXPECT_EQ(only_reply("250-a\r\n250-\r\n250 b\r\n").text, "a\n\nb");
    EXPECT_EQ(only_reply("421 bye\n").text, "bye") << "a bare LF is borne";
}

TEST(SmtpReply, IsTakenWholeAndAlone) {
    std::string bytes = "250-a\r\n250 b\r\n354 go\r\n55";
    EXPECT_EQ(take_reply(bytes)->code, 250);
    EXPECT_EQ(take_reply(bytes)->code, 354);
    EXPECT_FALSE(take_reply(bytes));
    EXPECT_EQ(bytes, "55");
    for (const auto* part : {"", "2", "250 o", "250 ok\r", "250-ok\r\n", "250-ok\r\n250-"}) {
        std::string half = part;
        EXPECT_FALSE(take_reply(half)) << part;
        EXPECT_EQ(half, part);
    }
}

TEST(SmtpReply, IsRefusedWhenItCanBecomeNone) {
    const std::string long_line(5000, 'x');
    std::string many;
    for (int i = 0; i < 10'000; ++i)
        many += "250-again\r\n";
    for (std::string bytes :
         {std::string("HTTP/1.1 400 Bad Request\r\n"), std::string("\r\n"), std::string("25\r\n"),
          std::string("150 early\r\n"), std::string("650 late\r\n"), std::string("250_ok\r\n"),
          std::string("2500 ok\r\n"), std::string("250-a\r\n550 b\r\n"), long_line, "250 " + long_line + "\r\n", many})
        EXPECT_THROW(take_reply(bytes), malformed) << bytes.substr(0, 40);
}

TEST(SmtpReply, HasAnEnhancedCodeThatFits) {
    const std::pair<reply, std::string> table[] = {
        {{550, "5.1.1 no such user"}, "5.1.1"},
        {{550, "5.1.1"}, "5.1.1"},
        {{550, "5.7.26\nmore"}, "5.7.26"},
        {{550, "4.1.1 other class"}, ""},
        {{550, "5.1 short"}, ""},
        {{550, "5.1.1.1 long"}, ""},
        {{550, "5.1234.1 big"}, ""},
        {{550, "5..1 odd"}, ""},
        {{550, "no such user 5.1.1"}, ""},
        {{550, ""}, ""},
        {{421, "4.7.0 later"}, "4.7.0"},
        {{550, "5.1.1x"}, ""},
    };
    for (const auto& [r, expected] : table)
        EXPECT_EQ(r.enhanced(), expected) << r.text;
}

TEST(SmtpReply, SaysWhatTheServerOffers) {
    const auto all = capabilities_in({250, "test\nPIPELINING\nsize 1000\nAUTH PLAIN LOGIN\nX"});
    EXPECT_TRUE(all.pipelining && all.auth && all.size);
    EXPECT_EQ(all.max_size, 1000U);
    const auto none = capabilities_in({250, "PIPELINING SIZE 1000"});
    EXPECT_FALSE(none.pipelining || none.auth || none.size) << "the first line is a name";
    EXPECT_EQ(capabilities_in({250, "t\nSIZE"}).max_size, 0U);
    EXPECT_EQ(capabilities_in({250, "t\nSIZE 99999999999999999999999"}).max_size, 0U);
}

} // namespace
} // namespace infra::email::smtp
