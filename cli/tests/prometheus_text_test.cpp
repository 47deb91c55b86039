#include "src/prometheus_text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace infra::cli {
namespace {

// `name|label=value;…|value`
std::vector<std::string> read(std::string_view text, std::size_t expected_problems = 0) {
    std::vector<std::string> all;
    const auto problems = read_metrics(text, [&](const metric_sample& each) {
        std::string line(each.name);
        line += '|';
        for (const auto& [name, value] : each.labels)
            line.append(name).append("=").append(value).append(";");
        all.push_back(line + "|" + std::to_string(each.value));
    });
    EXPECT_EQ(problems, expected_problems) << text;
    return all;
}

using lines = std::vector<std::string>;

TEST(PrometheusText, IsReadSampleBySample) {
    EXPECT_EQ(
        read("# HELP jobs_total Jobs.\n# TYPE jobs_total counter\n\njobs_total{queue=\"mail\",x=\"1\"} 3\nup 1\n"),
        (lines{"jobs_total|queue=mail;x=1;|3.000000", "up||1.000000"}));
    EXPECT_EQ(read(""), lines());
    EXPECT_EQ(read("up 1"), lines{"up||1.000000"}) << "without a line break at the end";
    EXPECT_EQ(read("up 1\r\n"), lines{"up||1.000000"});
}

TEST(PrometheusText, PutsUpWithBlanksTimesAndACommaTooMany) {
    const lines one{"a:b_1|l=v;|2.500000"};
    EXPECT_EQ(read("a:b_1{l=\"v\"} 2.5"), one);
    EXPECT_EQ(read(" \ta:b_1 { l = \"v\" , }\t2.5  1795836569570 "), one);
    EXPECT_EQ(read("a:b_1{l=\"v\"}2.5"), one);
    EXPECT_EQ(read("a{} 1"), lines{"a||1.000000"});
}

TEST(PrometheusText, UnescapesValuesOfLabels) {
    EXPECT_EQ(read(R"(m{a="x\"y",b="\\n",c="1\n2",d="ü{}=,"} 1)"), lines{"m|a=x\"y;b=\\n;c=1\n2;d=ü{}=,;|1.000000"});
}

TEST(PrometheusText, KnowsNumbersThatAreNone) {
    std::vector<double> values;
    read_metrics("a +Inf\na -Inf\na NaN\na +5e-1\n", [&](const metric_sample& each) { values.push_back(each.value); });
    ASSERT_EQ(values.size(), 4u);
    EXPECT_EQ(values[0], std::numeric_limits<double>::infinity());
    EXPECT_EQ(values[1], -std::numeric_limits<double>::infinity());
    EXPECT_TRUE(std::isnan(values[2]));
    EXPECT_EQ(values[3], 0.5);
}

TEST(PrometheusText, CountsWhatIsNoSampleAndGoesOn) {
    for (const std::string line :
         {"<html>", "up", "up x", "up 1 x", "up 1 2 3", "1up 1", "up{a} 1", "up{a=1} 1", "up{a=\"1} 1",
          "up{a=\"1\" b=\"2\"} 1", "up{a=\"\\", "up{a=\"1\"", "up +-1", "up 0x1"})
        EXPECT_EQ(read("a 1\n" + line + "\nb 2\n", 1), (lines{"a||1.000000", "b||2.000000"}));
}

TEST(PrometheusText, FindsALabelByItsName) {
    read_metrics("m{method=\"GET\",status=\"200\"} 1", [](const metric_sample& each) {
        EXPECT_EQ(each.label("status"), "200");
        EXPECT_EQ(each.label("route"), "");
    });
}

} // namespace
} // namespace infra::cli
