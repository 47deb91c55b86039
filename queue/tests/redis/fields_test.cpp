#include "src/redis/fields.hpp"

#include "tests/support.hpp"

namespace infra::queue::redis_backend::tests {
namespace {

using queue::tests::t0;
using std::chrono::milliseconds;

json::object object(std::string_view text) { return read_object(text).value(); }

TEST(QueueRedisFields, AreReadAsJavascriptReadsNumbers) {
    EXPECT_EQ(leading_integer("1767225600000"), 1767225600000);
    EXPECT_EQ(leading_integer("1767225600000.75"), 1767225600000);
    EXPECT_EQ(leading_integer("12 apples"), 12);
    EXPECT_EQ(leading_integer("-3"), -3);
    for (const auto* no_number : {"", "apples", "NaN", "-", "99999999999999999999"})
        EXPECT_EQ(leading_integer(no_number), std::nullopt) << no_number;
}

TEST(QueueRedisFields, OfCountsAreNeverNegative) {
    EXPECT_EQ(count_of("7"), 7u);
    EXPECT_EQ(count_of("-7"), 0u);
    EXPECT_EQ(count_of("seven"), 0u);
}

TEST(QueueRedisFields, AreFoundByName) {
    const hash_fields fields{{"name", "welcome"}, {"data", "{}"}};
    ASSERT_NE(find_field(fields, "data"), nullptr);
    EXPECT_EQ(*find_field(fields, "data"), "{}");
    EXPECT_EQ(find_field(fields, "opts"), nullptr);
    EXPECT_EQ(time_of(std::to_string(to_unix_ms(t0))), t0);
}

TEST(QueueRedisFields, ThatAreNoObjectsSayWhy) {
    EXPECT_EQ(json::to_string(read_object("[]").error()), "expected an object");
    EXPECT_FALSE(read_object("{"));
    EXPECT_FALSE(read_object(""));
}

TEST(QueueRedisFields, MayLieDeep) {
    std::string deep(200, '[');
    deep.append(200, ']');
    EXPECT_TRUE(read_object(R"({"a":)" + deep + "}"));
}

TEST(QueueRedisMembers, OfAnotherTypeAreAsIfAbsent) {
    const auto of =
        object(R"({"text":"7","flag":true,"list":[1],"number":7.9,"large":1e300,"object":{"a":1},"null":null})");
    for (const auto* name : {"text", "flag", "list", "object", "null", "absent", "large"})
        EXPECT_EQ(integer_in(of, name), std::nullopt) << name;
    EXPECT_EQ(integer_in(of, "number"), 7);
    EXPECT_EQ(integer_in(of, "number", 8), std::nullopt);
    EXPECT_EQ(milliseconds_in(of, "number"), milliseconds(7));
    EXPECT_EQ(text_in(of, "text"), "7");
    EXPECT_EQ(text_in(of, "number"), "");
    EXPECT_EQ(object_in(of, "list"), nullptr);
    EXPECT_NE(object_in(of, "object"), nullptr);
    EXPECT_EQ(time_in(object(R"({"at":1767225600000})"), "at"), t0);
}

TEST(QueueRedisMembers, AreTrueAsInJavascript) {
    const auto of =
        object(R"({"yes":true,"one":1,"text":"no","object":{},"list":[],"no":false,"zero":0,"empty":"","null":null})");
    for (const auto* name : {"yes", "one", "text", "object", "list"})
        EXPECT_TRUE(truth_in(of, name)) << name;
    for (const auto* name : {"no", "zero", "empty", "null", "absent"})
        EXPECT_FALSE(truth_in(of, name)) << name;
}

} // namespace
} // namespace infra::queue::redis_backend::tests
