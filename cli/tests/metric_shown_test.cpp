#include "src/metric_shown.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

TEST(MetricCurves, HaveALineForEachSeries) {
    const auto drawn = boost::json::parse(R"({"name":"jobs_total","type":"counter","unit":"","show":"rate","step":10,
        "times":[1767225600000,1767225610000,1767225620000],"more":0,
        "lines":[{"labels":{"queue":"mail","state":"a b"},"values":[1,null,4]},{"labels":{},"values":[0.12345,0,0]},
                 {"labels":{"queue":"none"},"values":[null,null,null]}]})");
    EXPECT_EQ(metric_curves_of(drawn), "jobs_total  rate, from 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:20.000Z\n"
                                       "\n"
                                       "SERIES                  LOWEST  HIGHEST  LAST  CURVE\n"
                                       "queue=mail state=\"a b\"  1       4        4     ▃ █\n"
                                       "all                     0       0.1235   0     █▁▁\n"
                                       "queue=none              –       –        –        ");
    const auto document = metric_document_of(drawn);
    EXPECT_EQ(document.at("times").at(2), "2026-01-01T00:00:20.000Z");
    EXPECT_EQ(document.at("lines").at(0).at("values"), (json::value{1, nullptr, 4}));
    EXPECT_EQ(document.as_object().size(), 8u);
}

TEST(MetricCurves, AreNotMisledByAnotherShape) {
    for (const auto* each : {"7", "{}", R"({"lines":[7,{"values":7,"labels":7},{"values":["x"]}],"times":["x"]})"}) {
        EXPECT_FALSE(metric_curves_of(boost::json::parse(each)).empty()) << each;
        EXPECT_EQ(metric_document_of(boost::json::parse(each)).as_object().size(), 8u) << each;
    }
    const auto evil =
        boost::json::parse(R"({"name":"\u001b[2J","lines":[{"labels":{"\u001b":"\u001b"},"values":[]}]})");
    EXPECT_EQ(metric_curves_of(evil).find('\x1b'), std::string::npos);
    EXPECT_EQ(metric_list_of({evil}).find('\x1b'), std::string::npos);
}

TEST(MetricList, IsATable) {
    const auto rows = boost::json::parse(
        R"([{"name":"jobs_total","type":"counter","help":"Jobs.","series":2,"last":12.5},{"name":"x","type":"gauge","last":null}])");
    EXPECT_EQ(metric_list_of(rows.as_array()), "NAME        TYPE     SERIES  LAST  WHAT IT IS\n"
                                               "jobs_total  counter  2       12.5  Jobs.\n"
                                               "x           gauge            –");
    EXPECT_EQ(metric_row_document_of(rows.at(1)).as_object().size(), 7u);
}

TEST(InParts, IsTheMeanOfWhatIsKnown) {
    using points = std::vector<std::optional<double>>;
    EXPECT_EQ(in_parts({1, 3, std::nullopt, 5, std::nullopt, std::nullopt}, 3), (points{2, 5, std::nullopt}));
    EXPECT_EQ(in_parts({1, 2}, 60), (points{1, 2}));
    EXPECT_EQ(in_parts({}, 60), points());
    EXPECT_EQ(in_parts(points(361, 1), 60), points(60, 1));
}

} // namespace
} // namespace infra::cli
