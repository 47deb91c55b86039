#include <infra/redis/command.hpp>

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace infra::redis {
namespace {

using namespace std::string_literals;

std::string encoded(const command& c) {
    std::string out;
    c.encode_to(out);
    EXPECT_EQ(out.size(), c.encoded_size());
    return out;
}

TEST(Command, IsAnArrayOfBulkStrings) {
    EXPECT_EQ(encoded({"PING"}), "*1\r\n$4\r\nPING\r\n");
    EXPECT_EQ(encoded({"SET", "key", "value"}), "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n");
}

TEST(Command, TakesNumbersWithoutLoss) {
    EXPECT_EQ(encoded({"X", 0, -1, 60'000u}), "*4\r\n$1\r\nX\r\n$1\r\n0\r\n$2\r\n-1\r\n$5\r\n60000\r\n");
    EXPECT_EQ(command({"X", std::numeric_limits<std::int64_t>::min()}).words()[1], "-9223372036854775808");
    EXPECT_EQ(command({"X", std::numeric_limits<std::uint64_t>::max()}).words()[1], "18446744073709551615");
    EXPECT_EQ(command({"X", 0.1}).words()[1], "0.1");
    EXPECT_EQ(command({"X", 1e300}).words()[1], "1e+300");
    EXPECT_EQ(command({"X", -HUGE_VAL}).words()[1], "-inf");
    EXPECT_EQ(command({"X", -1.2345678901234568e-300}).words()[1], "-1.2345678901234568e-300");
}

TEST(Command, KeepsAnyBytes) {
    const auto key = "a\0\r\n$5\r\n\xff"s;
    const command c{"GET", key, ""};
    EXPECT_EQ(c.words(), (std::vector<std::string_view>{"GET", key, ""}));
    EXPECT_EQ(encoded(c), "*3\r\n$3\r\nGET\r\n$9\r\n" + key + "\r\n$0\r\n\r\n");
}

TEST(Command, GrowsWordByWord) {
    command c("DEL");
    c.add("a").add_all(std::vector<std::string>{"b", "c"}).add(4);
    EXPECT_EQ(c.name(), "DEL");
    EXPECT_EQ(c.size(), 5u);
    EXPECT_EQ(c.words(), (std::vector<std::string_view>{"DEL", "a", "b", "c", "4"}));
}

TEST(Command, SurvivesCopies) {
    const std::string big(1 << 20, 'v');
    const command c{"SET", "k", big};
    const command copy = c; // NOLINT: the copy is the point
    EXPECT_EQ(copy.words()[2].size(), big.size());
    EXPECT_EQ(copy.name(), "SET");
}

TEST(Command, MustHaveAName) {
    EXPECT_THROW(command({}), error);
    EXPECT_THROW(command(""), error);
    EXPECT_THROW(command({"", "x"}), error);
}

TEST(Script, IsCalledByItsDigest) {
    const script s("return 1");
    EXPECT_EQ(s.sha1(), "e0e1f9fabfc9d4800c877a703b823ac0578ff8db") << "as SCRIPT LOAD answers";
    const auto call = s.call({"k1", "k2"}, {1, "b"});
    EXPECT_EQ(call.words(), (std::vector<std::string_view>{"EVALSHA", s.sha1(), "2", "k1", "k2", "1", "b"}));
    ASSERT_TRUE(call.source());
    EXPECT_EQ(call.source()->text, "return 1");
    const std::vector<std::string> keys{"x"}, none;
    EXPECT_EQ(s.call(keys, none).words(), (std::vector<std::string_view>{"EVALSHA", s.sha1(), "1", "x"}));
}

TEST(Script, OutlivedByItsCalls) {
    const auto call = script("return KEYS[1]").call({"k"});
    EXPECT_EQ(call.source()->text, "return KEYS[1]");
}

} // namespace
} // namespace infra::redis
