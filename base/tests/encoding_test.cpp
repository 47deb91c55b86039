#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
namespace encoding = infra::encoding;

using pairs = std::vector<std::pair<std::string_view, std::string_view>>;
using texts = std::vector<std::string_view>;

std::string all_bytes() {
    std::string bytes;
    for (int c = 0; c < 256; ++c)
        bytes += static_cast<char>(c);
    return bytes;
}

/// Random length, random bytes; every second time only such bytes as decoders look at.
std::string noise(std::mt19937_64& chance) {
    static constexpr std::string_view telling = "%+/=-_0aAfFgz \xc3\xa9\xe2\x82\xac\xed\xa0\x80\xf4\x90";
    const bool pick = chance() % 2 == 0;
    std::string bytes(chance() % 40, '\0');
    for (char& c : bytes)
        c = pick ? telling[chance() % telling.size()] : static_cast<char>(chance() % 256);
    return bytes;
}

TEST(Base64, FollowsTheVectorsOfRfc4648) {
    for (const auto& [bytes, text] : pairs{{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\x14\xfb\x9c\x03\xd9\x7e", "FPucA9l+"},
                                           {"\xff\xff\xff", "////"}}) {
        EXPECT_EQ(encoding::base64_encode(bytes), text);
        EXPECT_EQ(encoding::base64_decode(text), bytes);
    }
}

TEST(Base64, RefusesWhatItsEncoderCannotHaveWritten) {
    for (const auto text : texts{"Z", "Zg", "Zg=", "Zg===", "====", "=", "Zh==", "Zm9=", "Zm9v\n", "Zm 9", "Zm9-",
                                 "Zm9_", "Z=g=", "=Zg=", "Zm8=Zm8=", "Zm\0v"sv, "Zm\xc3\xa9"})
        EXPECT_EQ(encoding::base64_decode(text), std::nullopt) << text;
}

TEST(Base64Url, UsesTheUrlAlphabetWithoutPadding) {
    // The second is the key of RFC 7515 appendix A.1, first bytes.
    for (const auto& [bytes, text] : pairs{{"", ""},
                                           {"f", "Zg"},
                                           {"\x03\x23\x35\x4b\x2b\x0f", "AyM1SysP"},
                                           {"\x14\xfb\x9c\x03\xd9\x7e", "FPucA9l-"},
                                           {"\xff\xff\xff\xff", "_____w"}}) {
        EXPECT_EQ(encoding::base64url_encode(bytes), text);
        EXPECT_EQ(encoding::base64url_decode(text), bytes);
    }
}

TEST(Base64Url, RefusesWhatItsEncoderCannotHaveWritten) {
    for (const auto text : texts{"Z", "Zg==", "Zh", "Zm9", "Zm9+", "Zm9/", "Zm9v\r", "Zm9vY"})
        EXPECT_EQ(encoding::base64url_decode(text), std::nullopt) << text;
}

TEST(Hex, FollowsTheVectorsOfRfc4648) {
    EXPECT_EQ(encoding::hex_encode(""), "");
    EXPECT_EQ(encoding::hex_encode("foobar"), "666f6f626172");
    EXPECT_EQ(encoding::hex_encode("\xff\x00\xa0"sv), "ff00a0");
    EXPECT_EQ(encoding::hex_decode("666F6f626172"), "foobar");
    EXPECT_EQ(encoding::hex_decode(""), "");
}

TEST(Hex, RefusesOddLengthsAndForeignDigits) {
    for (const auto text : texts{"6", "666", "6g", "g6", "0x", " 66", "6\0"sv, "\xff\xff"})
        EXPECT_EQ(encoding::hex_decode(text), std::nullopt) << text;
}

TEST(Encodings, BringEveryByteBack) {
    const auto bytes = all_bytes();
    EXPECT_EQ(encoding::base64_decode(encoding::base64_encode(bytes)), bytes);
    EXPECT_EQ(encoding::base64url_decode(encoding::base64url_encode(bytes)), bytes);
    EXPECT_EQ(encoding::hex_decode(encoding::hex_encode(bytes)), bytes);
    EXPECT_EQ(encoding::percent_decode(encoding::percent_encode(bytes)), bytes);
    EXPECT_EQ(encoding::percent_decode(encoding::percent_encode(bytes, encoding::segment)), bytes);
    EXPECT_EQ(encoding::form_decode(encoding::form_encode(bytes)), bytes);
}

TEST(PercentEncoding, KeepsTheUnreservedOfRfc3986) {
    constexpr auto unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"sv;
    EXPECT_EQ(encoding::percent_encode(unreserved), unreserved);
    EXPECT_EQ(encoding::percent_encode(":/?#[]@!$&'()*+,;="), "%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D");
    EXPECT_EQ(encoding::percent_encode("a b\n\x00%"sv), "a%20b%0A%00%25");
    EXPECT_EQ(encoding::percent_encode("\xe2\x82\xac"), "%E2%82%AC");
}

TEST(PercentEncoding, KeepsMoreWhenAsked) {
    EXPECT_EQ(encoding::percent_encode("photos/2026/a b+c.jpg", encoding::path), "photos/2026/a%20b%2Bc.jpg");
    EXPECT_EQ(encoding::percent_encode("a/b:c@d", encoding::segment), "a%2Fb:c@d");
    EXPECT_EQ(encoding::percent_encode("100%", "%"), "100%25") << "or it could not be decoded";
}

TEST(PercentEncoding, DecodesBothCasesAndLeavesPlusAlone) {
    EXPECT_EQ(encoding::percent_decode("a%2fb%2Fc+d"), "a/b/c+d");
    EXPECT_EQ(encoding::percent_decode("%00"), "\0"s);
    EXPECT_EQ(encoding::percent_decode("%2541"), "%41") << "decodes once";
}

TEST(PercentEncoding, RefusesBrokenEscapes) {
    for (const auto text : texts{"%", "%4", "a%", "a%4", "%g1", "%1g", "%%41", "% 41", "%-1", "%4\xc3"})
        EXPECT_EQ(encoding::percent_decode(text), std::nullopt) << text;
    EXPECT_EQ(encoding::form_decode("a+%"), std::nullopt);
}

TEST(FormEncoding, WritesASpaceAsPlus) {
    EXPECT_EQ(encoding::form_encode("a b+c~*-._\xc3\xa9"), "a+b%2Bc%7E*-._%C3%A9");
    EXPECT_EQ(encoding::form_decode("a+b%2Bc%20d"), "a b+c d");
}

TEST(Utf8, AcceptsTheEndsOfEveryRange) {
    for (const auto text : texts{"", "plain", "\0"sv, "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                 "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(encoding::is_utf8(text)) << encoding::hex_encode(text);
        EXPECT_EQ(encoding::to_utf8(text), text);
    }
}

TEST(Utf8, ReplacesEachMaximalIllFormedPart) {
    constexpr auto r = "\xef\xbf\xbd";
    const std::vector<std::pair<std::string_view, std::string>> rows{
        {"\x80", r},                               // a follower alone
        {"\xc3", r},                               // cut short
        {"a\xe2\x82", "a"s + r},                   // cut short after two
        {"\xc0\xaf", r + ""s + r},                 // overlong '/'
        {"\xed\xa0\x80", r + ""s + r + r},         // a surrogate
        {"\xf4\x90\x80\x80", r + ""s + r + r + r}, // past U+10FFFF
        {"\xff"
         "a",
         r + "a"s},                                              // never a first byte
        {"\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", // table 3-8 of the standard
         "a"s + r + r + r + "b" + r + "c" + r + r + "d"},
    };
    for (const auto& [text, expected] : rows) {
        EXPECT_FALSE(encoding::is_utf8(text)) << encoding::hex_encode(text);
        EXPECT_EQ(encoding::to_utf8(text), expected) << encoding::hex_encode(text);
    }
}

/// What a strict decoder accepts, its encoder writes again, letter for letter: two texts never mean the same bytes.
TEST(Encodings, SurviveNoiseAndAcceptOnlyTheirOwn) {
    std::mt19937_64 chance(20260101);
    for (int i = 0; i < 100'000; ++i) {
        const auto text = noise(chance);
        if (const auto bytes = encoding::base64_decode(text))
            ASSERT_EQ(encoding::base64_encode(*bytes), text);
        if (const auto bytes = encoding::base64url_decode(text))
            ASSERT_EQ(encoding::base64url_encode(*bytes), text);
        if (const auto bytes = encoding::hex_decode(text))
            ASSERT_EQ(bytes->size() * 2, text.size());
        if (const auto bytes = encoding::percent_decode(text))
            ASSERT_EQ(encoding::percent_decode(encoding::percent_encode(*bytes)), bytes);
        if (const auto bytes = encoding::form_decode(text))
            ASSERT_EQ(encoding::form_decode(encoding::form_encode(*bytes)), bytes);
        ASSERT_TRUE(encoding::is_utf8(encoding::to_utf8(text)));
        ASSERT_EQ(encoding::base64_decode(encoding::base64_encode(text)), text);
        ASSERT_EQ(encoding::base64url_decode(encoding::base64url_encode(text)), text);
    }
}

TEST(ShownUrl, HasNoPassword) {
    const std::pair<const char*, const char*> cases[] = {
        {"sqlite:var/queue.db", "sqlite:var/queue.db"},
        {"sqlite:var/queue.db?mode=x", "sqlite:var/queue.db"},
        {"redis://host:1/0", "redis://host:1/0"},
        {"redis://user:secret@host:1/0?a=b", "redis://host:1/0"},
        {"redis://:sec@ret@host", "redis://host"},
        {"redis://user:sec?ret@host", "redis:(not shown)"},
        {"outbox:x?mail=a@b", "outbox:(not shown)"},
        {"https://u:p@collector/v1/logs", "https://collector/v1/logs"},
        {"", ""},
    };
    for (const auto& [url, safe] : cases)
        EXPECT_EQ(encoding::shown_url(url), safe) << url;
}

} // namespace
