#include "src/json_text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>

namespace infra::logging {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

std::string text_of(const field_value& value) {
    line_buffer out;
    append_value(out, value);
    return std::string(out.view());
}

TEST(LogJson, WritesNumbersThatReadBackTheSame) {
    EXPECT_EQ(text_of(3000), "3000");
    EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
    EXPECT_EQ(text_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
    EXPECT_EQ(text_of(0.1), "0.1");
    EXPECT_EQ(text_of(3.0), "3");
    EXPECT_EQ(text_of(1e300), "1e+300");
    EXPECT_EQ(text_of(5e-324), "5e-324");
}

TEST(LogJson, WritesWhatJsonCannotSayAsNull) {
    EXPECT_EQ(text_of(std::numeric_limits<double>::quiet_NaN()), "null");
    EXPECT_EQ(text_of(std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(text_of(-std::numeric_limits<double>::infinity()), "null");
    EXPECT_EQ(text_of(nullptr), "null");
    EXPECT_EQ(text_of(json::value(std::numeric_limits<double>::quiet_NaN())), "null");
}

TEST(LogJson, WritesTimesAndDurations) {
    EXPECT_EQ(text_of(wall_time(1ms)), R"("1970-01-01T00:00:00.001Z")");
    EXPECT_EQ(text_of(12ms), "12");
    EXPECT_EQ(text_of(2s), "2000");
    EXPECT_EQ(text_of(1500us), "1.5");
}

TEST(LogJson, WritesErrorsAsTheirMessage) {
    const std::runtime_error boom("boom \"x\"");
    const auto code = make_error_code(boost::system::errc::timed_out);
    EXPECT_EQ(text_of(boom), R"("boom \"x\"")");
    EXPECT_EQ(text_of(code), "\"" + code.message() + "\"");
}

/// A container whose elements cannot be reached, as one whose connection was lost.
struct broken_list {
    using value_type = int;
    const int* begin() const { throw std::runtime_error("no connection"); }
    const int* end() const { return nullptr; }
    std::size_t size() const { return 1; }
};
struct throws_a_number : broken_list {
    const int* begin() const { throw 7; }
};

struct silent_exception : std::exception {
    const char* what() const noexcept override { return nullptr; }
};

struct broken_category : boost::system::error_category {
    const char* name() const noexcept override { return "broken"; }
    std::string message(int) const override { throw std::runtime_error("no text"); }
};

TEST(LogJson, WritesInsteadOfAValueThatCannotBeWrittenWhy) {
    EXPECT_EQ(text_of(broken_list()), R"("<not written: no connection>")");
    EXPECT_EQ(text_of(throws_a_number()), R"("<not written>")");
    EXPECT_EQ(text_of(silent_exception()), R"("an exception without a text")");
    EXPECT_EQ(text_of(boost::system::error_code(1, broken_category())), R"("<not written: no text>")");
}

TEST(LogJson, NamesTheCausesOfAnException) {
    const auto nest = [](auto&& self, int depth) -> void {
        try {
            if (depth == 0)
                throw std::runtime_error("disk \"full\"");
            self(self, depth - 1);
        } catch (...) {
            std::throw_with_nested(std::runtime_error("level " + std::to_string(depth)));
        }
    };
    const auto text = [&](int depth) {
        try {
            nest(nest, depth);
        } catch (const std::exception& e) {
            return text_of(e);
        }
        return std::string();
    };
    EXPECT_EQ(text(0), R"("level 0; caused by: disk \"full\"")");
    EXPECT_EQ(text(1), R"("level 1; caused by: level 0; caused by: disk \"full\"")");
    EXPECT_EQ(text(100).find("level 80"), std::string::npos);
}

TEST(LogJson, NamesNoCauseThatIsNoException) {
    try {
        try {
            throw 7;
        } catch (...) {
            std::throw_with_nested(std::runtime_error("outer"));
        }
    } catch (const std::exception& e) {
        EXPECT_EQ(text_of(e), R"("outer")");
    }
}

TEST(LogJson, EscapesWhatJsonAsksFor) {
    EXPECT_EQ(text_of("a\"b\\c\nd\re\tf\bg\fh"), R"("a\"b\\c\nd\re\tf\bg\fh")");
    EXPECT_EQ(text_of("\0\x01\x1f"s), R"("\u0000\u0001\u001f")");
    EXPECT_EQ(text_of("/</script>\x7f"), "\"/</script>\x7f\"");
}

TEST(LogJson, FindsSpecialBytesAtEveryOffset) {
    for (std::size_t length = 1; length <= 40; ++length)
        for (std::size_t at = 0; at < length; ++at)
            for (const char special : {'"', '\\', '\n', '\x1f'}) {
                std::string text(length, 'x');
                text[at] = special;
                const auto read = json::parse(text_of(text));
                ASSERT_TRUE(read) << length << " " << at;
                EXPECT_EQ(read->as_string(), text);
            }
}

TEST(LogJson, KeepsUtf8) {
    const std::string text = "naïve café – \u2028 日本語 😀 \U0010FFFF";
    EXPECT_EQ(text_of(text), "\"" + text + "\"");
}

TEST(LogJson, EscapesTerminalCommandsBeyondAscii) {
    EXPECT_EQ(text_of("a\u009b31mb\u00a0"), "\"a\\u009b31mb\u00a0\"");
    EXPECT_EQ(text_of(json::value("\u0085é")), "\"\\u0085é\"");
}

// Each made a log pipeline of somebody else's fail: a lone byte, an overlong slash, a surrogate, a lone continuation,
// Latin-1, a character cut off.
TEST(LogJson, ReplacesWhatIsNotUtf8) {
    for (const std::string bad : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\x80", "\xE9", "\xE4\xB8"})
        for (const auto& text : {bad, "before " + bad, bad + " after", "café " + bad + " \n " + bad}) {
            const auto written = text_of(text);
            EXPECT_TRUE(encoding::is_utf8(written)) << encoding::hex_encode(text);
            const auto read = json::parse(written);
            ASSERT_TRUE(read) << encoding::hex_encode(text);
            EXPECT_EQ(read->as_string(), encoding::to_utf8(text));
            EXPECT_NE(written.find("\uFFFD"), std::string::npos);
        }
}

TEST(LogJson, LetsAnObjectThatCannotBeWrittenCostItsFieldOnly) {
    const auto nobody = static_cast<infra::level>(99);
    EXPECT_TRUE(json::parse(text_of(nobody))->is_string());
}

} // namespace
} // namespace infra::logging
