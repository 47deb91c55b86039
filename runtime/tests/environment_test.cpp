#include <infra/runtime/environment_layers.hpp>

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace infra {
namespace {

using namespace std::chrono_literals;

std::string message_of(auto read) {
    try {
        read();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::misconfigured);
        return e.what();
    }
    return "no error";
}

struct EnvironmentFile : testing::Test {
    EnvironmentFile() {
        std::string pattern = (std::filesystem::temp_directory_path() / "infra-env-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
    }
    ~EnvironmentFile() override { std::filesystem::remove_all(folder); }

    std::string file(std::string_view contents) {
        std::ofstream(folder / "secret", std::ios::binary) << contents;
        return (folder / "secret").string();
    }
    std::filesystem::path folder;
};

TEST(Environment, EmptyCountsAsAbsent) {
    const environment env({{"A", ""}, {"B", "b"}});
    EXPECT_FALSE(env.has("A"));
    EXPECT_EQ(env.get("B"), "b");
    EXPECT_EQ(env.get_or("A", "fallback"), "fallback");
}

TEST(Environment, ReadsWholeNumbersWithinTheirRange) {
    const environment env({{"PORT", "8080"}, {"WORD", "abc"}, {"LARGE", "65536"}, {"TAIL", "80x"}, {"NEG", "-1"}});
    EXPECT_EQ(env.integer("PORT", 1, 1, 65535), 8080);
    EXPECT_EQ(env.integer("ABSENT", 3000, 1, 65535), 3000);
    for (const char* bad : {"WORD", "LARGE", "TAIL", "NEG"})
        EXPECT_EQ(message_of([&] { env.integer(bad, 1, 1, 65535); }),
                  std::string(bad) + ": expected a whole number from 1 to 65535");
}

TEST(Environment, ReadsBooleans) {
    const environment env({{"A", "TRUE"}, {"B", "0"}, {"C", "on"}, {"D", "maybe"}});
    EXPECT_TRUE(env.boolean("A", false));
    EXPECT_FALSE(env.boolean("B", true));
    EXPECT_TRUE(env.boolean("C", false));
    EXPECT_TRUE(env.boolean("ABSENT", true));
    EXPECT_EQ(message_of([&] { env.boolean("D", true); }), "D: expected true or false");
}

TEST(Environment, ReadsDurations) {
    const std::pair<const char*, std::optional<std::chrono::milliseconds>> cases[] = {
        {"250ms", 250ms},
        {"25s", 25s},
        {"5m", 5min},
        {"2h", 2h},
        {"7d", 168h},
        {"0s", 0ms},
        {"5", std::nullopt},
        {"s", std::nullopt},
        {"", std::nullopt},
        {"-5s", std::nullopt},
        {"5 s", std::nullopt},
        {"1.5s", std::nullopt},
        {"9223372036854775807d", std::nullopt},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(parse_duration(text), expected) << text;
    EXPECT_EQ(environment({{"T", "2S"}}).duration("T", 1s), 2s);
    EXPECT_EQ(message_of([] { (void)environment({{"T", "soon"}}).duration("T", 1s); }),
              "T: expected a duration such as 250ms, 25s, 5m, 2h or 7d");
}

TEST(Environment, ReadsSizes) {
    const std::pair<const char*, std::optional<std::uint64_t>> cases[] = {
        {"65536", 65536},     {"64kb", 65536},       {"1mb", 1048576},
        {"2gb", 2147483648},  {"10b", 10},           {"1.5mb", std::nullopt},
        {"mb", std::nullopt}, {"1tb", std::nullopt}, {"9223372036854775807gb", std::nullopt},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(parse_bytes(text), expected) << text;
    EXPECT_EQ(environment({{"S", "1MB"}}).bytes("S", 0), 1048576u);
}

TEST_F(EnvironmentFile, HoldsTheValueLessOneLineBreak) {
    EXPECT_EQ(environment({{"KEY_FILE", file("s3cret\n")}}).get("KEY"), "s3cret");
    EXPECT_EQ(environment({{"KEY_FILE", file("s3cret\r\n")}}).get("KEY"), "s3cret");
    EXPECT_EQ(environment({{"KEY_FILE", file("two\n\n")}}).get("KEY"), "two\n");
}

TEST_F(EnvironmentFile, NamesWhatIsWrongWithoutTellingTheSecret) {
    const auto absent = (folder / "absent").string();
    EXPECT_EQ(message_of([&] { (void)environment({{"KEY_FILE", absent}}).get("KEY"); }),
              "KEY_FILE: cannot read the file " + absent + "; check that it exists and may be read");
    EXPECT_EQ(message_of([&] { (void)environment({{"KEY", "a"}, {"KEY_FILE", file("b")}}).get("KEY"); }),
              "KEY: both KEY and KEY_FILE are set; keep one");
    EXPECT_EQ(message_of([&] { (void)environment({{"KEY_FILE", folder.string()}}).get("KEY"); }),
              "KEY_FILE: cannot read " + folder.string() + "; check that it is a file");
    const auto empty = file("\n");
    EXPECT_EQ(message_of([&] { (void)environment({{"KEY_FILE", empty}}).get("KEY"); }),
              "KEY_FILE: the file " + empty + " is empty");
    const auto large = file(std::string(70'000, 'x'));
    EXPECT_EQ(message_of([&] { (void)environment({{"KEY_FILE", large}}).get("KEY"); }),
              "KEY_FILE: the file " + large + " is larger than 64 KiB");
}

TEST(Environment, StandsOverAnother) {
    const environment upper({{"A", "1"}, {"B_FILE", "/b"}, {"C", ""}, {"SSL_CERT_FILE", "/x"}});
    const environment lower({{"A_FILE", "/a"}, {"B", "2"}, {"C", "3"}, {"D", "4"}, {"SSL_CERT_FILE", "/y"}});
    EXPECT_EQ(over(upper, lower).all(),
              (environment::variables{{"A", "1"}, {"B_FILE", "/b"}, {"C", "3"}, {"D", "4"}, {"SSL_CERT_FILE", "/x"}}));
}

TEST(Environment, OfTheProcessStandsOverWhatIsBeneath) {
    const auto path = environment::of_process().get("PATH");
    set_beneath_process(environment({{"PATH", "elsewhere"}, {"INFRA_TEST_BENEATH", "1"}}));
    EXPECT_EQ(environment::of_process().get("PATH"), path);
    EXPECT_EQ(environment::of_process().get("INFRA_TEST_BENEATH"), "1");
    set_beneath_process({});
    EXPECT_FALSE(environment::of_process().has("INFRA_TEST_BENEATH"));
}

TEST(Environment, OfTheProcessHasItsVariables) { EXPECT_TRUE(environment::of_process().has("PATH")); }

} // namespace
} // namespace infra
