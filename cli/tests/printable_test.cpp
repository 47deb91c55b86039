#include "src/printable.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

using namespace std::string_literals;

struct text_of_others {
    std::string text, safe;
};

TEST(Printable, HasNothingThatATerminalObeys) {
    const text_of_others table[] = {
        {"grüße 邮件 🚀", "grüße 邮件 🚀"},
        {"a\tb\nc\x1b[2J\x7f\0"s, "a?b?c?[2J??"},
        {"\u009b31m", "?31m"}, // CSI as UTF-8
        {"\x9b"
         "31m",
         "\uFFFD31m"}, // as the one byte that it was before
        {"\xe9\x9b"
         "31m",
         "\uFFFD31m"}, // behind the beginning of a character that does not come
        {"\x90\x9d\x9f", "\uFFFD\uFFFD\uFFFD"},
        {"\u202egpj.exe", "?gpj.exe"},
    };
    for (const auto& [text, safe] : table)
        EXPECT_EQ(printable(text), safe);
    EXPECT_EQ(printable_lines("a\x1b\nb\x9b\n"), "a?\nb\uFFFD\n");
}

TEST(PrintableJson, SaysTheSame) {
    for (const auto& text : {"\u009b31m"s, "\u202egpj.exe"s, "a\tb\x1b\x7f\0"s, "grüße"s}) {
        const auto safe = printable_json(boost::json::serialize(boost::json::value(text)));
        EXPECT_EQ(boost::json::parse(safe).as_string(), text);
        EXPECT_EQ(printable(safe), safe);
    }
    EXPECT_EQ(printable_json("\"\u009b\u202e\x7f\""), R"("\u009b\u202e\u007f")");
    EXPECT_EQ(printable_json("\"\x9b\""), "\"\uFFFD\"") << "which no JSON text has";
}

} // namespace
} // namespace infra::cli
