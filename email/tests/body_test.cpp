#include "src/mime/body.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

namespace infra::email::mime {
namespace {

using namespace std::string_literals;

TEST(QuotedPrintable, EncodesByTheBook) {
    const std::pair<std::string, std::string> table[] = {
        {"", ""},
        {"plain text.", "plain text."},
        {"a=b", "a=3Db"},
        {"ü\n", "=C3=BC\r\n"},
        {"one\ntwo\r\nthree\rfour", "one\r\ntwo\r\nthree\r\nfour"},
        {"end \ntab\t\n", "end=20\r\ntab=09\r\n"},
        {"a \tb", "a \tb"},
        {"\n\n", "\r\n\r\n"},
        {"\0\x7f\x1b"s, "=00=7F=1B"},
        {".", "."},
    };
    for (const auto& [text, encoded] : table)
        EXPECT_EQ(quoted_printable(text), encoded);
}

std::string decoded(std::string_view text) {
    std::string made;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=')
            made += text[i];
        else if (text.substr(i, 3) == "=\r\n")
            i += 2;
        else {
            made += encoding::hex_decode(text.substr(i + 1, 2)).value();
            i += 2;
        }
    }
    return made;
}

TEST(QuotedPrintable, KeepsLinesShortAndComesBack) {
    for (std::size_t size = 0; size < 400; ++size) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i)
            text += static_cast<char>(i * 37 % 256);
        std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
        const auto encoded = quoted_printable(text);
        EXPECT_EQ(decoded(encoded), text);
        for (std::size_t begin = 0; begin < encoded.size();) {
            const auto end = std::min(encoded.find("\r\n", begin), encoded.size());
            EXPECT_LE(end - begin, 76u);
            begin = end + 2;
        }
    }
}

TEST(QuotedPrintable, FillsLinesToTheLimit) {
    EXPECT_EQ(quoted_printable(std::string(76, 'x')), std::string(76, 'x'));
    EXPECT_EQ(quoted_printable(std::string(77, 'x')), std::string(75, 'x') + "=\r\nxx");
    EXPECT_EQ(quoted_printable(std::string(75, 'x') + "="), std::string(75, 'x') + "=\r\n=3D");
}

TEST(Base64Lines, HaveSeventySixCharacters) {
    EXPECT_EQ(base64_lines(""), "");
    EXPECT_EQ(base64_lines("f"), "Zg==\r\n");
    const auto two = base64_lines(std::string(58, '\0'));
    EXPECT_EQ(two, std::string(76, 'A') + "\r\nAA==\r\n");
}

} // namespace
} // namespace infra::email::mime
