#include "src/otlp_json.hpp"

#include <gtest/gtest.h>

namespace infra::otlp::detail {
namespace {

TEST(OtlpJson, ReadsHowManyWereNotTaken) {
    EXPECT_EQ(rejected(R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}})", "rejectedSpans"), 3U);
    EXPECT_EQ(rejected(R"({"partialSuccess":{"rejectedSpans":3}})", "rejectedSpans"), 3U);
    EXPECT_EQ(rejected(R"({"partialSuccess":{"rejectedSpans":3}})", "rejectedDataPoints"), 0U);
    for (const char* none :
         {"", "{}", "[]", "null", "nonsense", R"({"partialSuccess":{}})", R"({"partialSuccess":7})",
          R"({"partialSuccess":{"rejectedSpans":"x"}})", R"({"partialSuccess":{"rejectedSpans":-1}})"})
        EXPECT_EQ(rejected(none, "rejectedSpans"), 0U) << none;
}

} // namespace
} // namespace infra::otlp::detail
