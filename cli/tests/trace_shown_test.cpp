#include "src/trace_shown.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

json::value purchase() {
    return boost::json::parse(
        R"({"trace":"0af7651916cd43dd8448eb211c80319c","name":"POST /orders","start":1767225600123,
        "us":2000,"failed":true,"open":false,"left_out":0,"spans":[
        {"id":"a","name":"POST /orders","depth":0,"start":0,"us":1500,"own":500,"critical":true,"open":false,"failed":false,
         "attributes":{"http.route":"/orders"}},
        {"id":"b","parent":"a","name":"select stock","depth":1,"start":250,"us":500,"critical":false,"attributes":{}},
        {"id":"c","parent":"a","name":"process mail","depth":1,"start":1000,"us":1000,"critical":true,"failed":true,
         "error":"no answer"}],
        "jobs":[{"queue":"mail","id":"8003"}],"mails":["m-3"]})");
}

TEST(Waterfall, ShowsWhereEachSpanLiesAndWhatTheWholeWaitedFor) {
    EXPECT_EQ(waterfall_of(purchase(), false, false),
              "POST /orders  0af7651916cd43dd8448eb211c80319c\n"
              "began 2026-01-01T00:00:00.123Z, took 2.0ms, 3 spans, failed\n"
              "\n"
              "    START      TOOK  * what the whole waited for       SPAN\n"
              "*     0µs     1.5ms  ████████████████████████          POST /orders\n"
              "    250µs     500µs      ░░░░░░░░                        select stock\n"
              "*   1.0ms     1.0ms                  ████████████████    process mail  failed: no answer\n"
              "\n"
              "jobs   mail/8003\n"
              "mails  m-3");
}

TEST(Waterfall, ShowsWhatIsKnownOfEachSpan) {
    const auto text = waterfall_of(purchase(), true, false);
    EXPECT_NE(text.find("  POST /orders\n" + std::string(55, ' ') + "http.route=/orders\n"), std::string::npos) << text;
}

TEST(Waterfall, SaysWhatIsMissingOrGoesOn) {
    auto trace = purchase().as_object();
    trace["left_out"] = 4;
    trace["open"] = true;
    trace["spans"].as_array()[1].as_object()["open"] = true;
    const auto text = waterfall_of(trace, false, false);
    EXPECT_NE(text.find("3 spans and 4 that are not kept, failed, goes on\n"), std::string::npos) << text;
    EXPECT_NE(text.find("select stock  goes on\n"), std::string::npos) << text;
}

TEST(Waterfall, ShowsNothingThatATerminalWouldObey) {
    auto trace = purchase().as_object();
    trace["name"] = "\x1b[2J";
    trace["jobs"].as_array()[0].as_object()["id"] = "\x1b]0;x\x07";
    auto& span = trace["spans"].as_array()[2].as_object();
    span["name"] = "a\x1b[31mb\nc";
    span["error"] = "\x1b[0m";
    span["attributes"] = {{"k\x1b", "v\x1b"}};
    EXPECT_EQ(waterfall_of(trace, true, false).find('\x1b'), std::string::npos);
    EXPECT_EQ(trace_list_of({json::value{{"name", "\x1b[2J"}, {"trace", "\x1b"}}}, false).find('\x1b'),
              std::string::npos);
}

TEST(Waterfall, IsNotMisledByAnotherShape) {
    for (const auto* each :
         {"7", "{}", R"({"spans":7})", R"({"spans":[7,{"depth":-4,"start":-5,"us":9e99}],"jobs":[1],"mails":[1]})",
          R"({"us":0,"spans":[{"depth":9999999,"start":7,"us":0}]})"}) {
        EXPECT_FALSE(waterfall_of(boost::json::parse(each), true, true).empty()) << each;
        EXPECT_EQ(trace_document_of(boost::json::parse(each)).as_object().size(), 10u) << each;
    }
}

TEST(Waterfall, HasABarForEachSpanHoweverShort) {
    const struct {
        std::int64_t start, took, total;
        const char* bar;
    } cases[] = {
        {0, 100, 100, "████"}, {0, 0, 100, "█   "},    {100, 0, 100, "   █"}, {50, 25, 100, "  █ "},
        {50, 1, 100, "  █ "},  {-50, 10, 100, "█   "}, {0, 500, 100, "████"}, {0, 0, 0, "█   "},
    };
    for (const auto& each : cases)
        EXPECT_EQ(bar_of(each.start, each.took, each.total, 4, true), each.bar) << each.start << " " << each.took;
    EXPECT_EQ(bar_of(0, 50, 100, 4, false), "░░  ");
}

TEST(TraceTimes, AreReadAtAGlance) {
    EXPECT_EQ(microseconds_text(0), "0µs");
    EXPECT_EQ(microseconds_text(999), "999µs");
    EXPECT_EQ(microseconds_text(1'500), "1.5ms");
    EXPECT_EQ(microseconds_text(1'200'000), "1.2s");
}

TEST(TraceList, IsATable) {
    const auto rows =
        boost::json::parse(R"([{"trace":"ab","name":"GET /","start":1767225600000,"ms":1.5,"spans":3,"failed":true},
                                             {"trace":"cd","name":"job","start":1767225600000,"ms":0.2,"spans":1,"failed":false}])");
    EXPECT_EQ(trace_list_of(rows.as_array(), false), "BEGAN                     TOOK   SPANS          TRACE  NAME\n"
                                                     "2026-01-01T00:00:00.000Z  1.5ms  3      failed  ab     GET /\n"
                                                     "2026-01-01T00:00:00.000Z  200µs  1              cd     job");
}

TEST(TraceNames, TakeNoTimeForMoreThanThereIs) {
    const auto names = boost::json::parse(R"([{"name":"a","count":1,"slowest":1e300},{"name":"b","slowest":1e12}])");
    const auto text = trace_names_of(names.as_array());
    const auto longest = microseconds_text(1'000'000'000'000'000);
    EXPECT_EQ(text.find(longest), text.find('\n') + 1 + std::string_view("COUNT  FAILED  ").size()) << text;
    EXPECT_NE(text.rfind(longest), text.find(longest)) << text;
}

TEST(TraceDocument, HasTheSameMembersAlways) {
    const auto whole = trace_document_of(purchase());
    EXPECT_EQ(whole.at("start"), "2026-01-01T00:00:00.123Z");
    for (const auto& each : whole.at("spans").as_array())
        EXPECT_EQ(each.as_object().size(), 17u);
    EXPECT_TRUE(whole.at("spans").at(0).at("parent").is_null());
    EXPECT_EQ(whole.at("spans").at(2).at("error"), "no answer");
    EXPECT_EQ(
        json::to_text(trace_row_document_of(json::object{{"trace", "ab"}})),
        R"({"trace":"ab","name":null,"kind":null,"start":"1970-01-01T00:00:00.000Z","ms":null,"spans":null,"failed":null})");
}

} // namespace
} // namespace infra::cli
