#include "src/overview_shown.hpp"
#include "src/verbs.hpp"

#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

constexpr const char* seen =
    R"({"status":"degraded","since":1700000000000,"causes":[{"check":"db","status":"degraded","text":"slow\u001b[2J","link":"#"}],)"
    R"("checks":3,"figures":[{"name":"jobs_waiting","label":"Jobs waiting","value":12,"unit":"","limit":null,"link":"#","spark":[0,6,null,12]},)"
    R"({"name":"oldest","label":"Oldest job","value":90,"unit":"s","limit":60,"link":"#","spark":[]},)"
    R"({"name":"failed","label":"Failed","value":0,"unit":"","limit":0,"link":"#","spark":[]},)"
    R"({"name":"hits","label":"Cache hit","value":null,"unit":"ratio","limit":null,"link":"#","spark":[null]},)"
    R"({"name":"errors","label":"Errors/min","value":0.4,"unit":"per_minute","limit":1,"link":"#","spark":[0]}],)"
    R"("concerns":[{"severity":"error","text":"17 jobs failed","link":"#","count":17,"since":1700000000000,"action":)"
    R"({"label":"Retry","method":"POST","path":"/queues/mail/failures/1/retry","body":null}},)"
    R"({"severity":"warn","text":"no workers","link":"#","count":1,"since":null,"action":null}],)"
    R"("slowest":[{"trace":"4bf92f3577b34da6a3ce929d0e0e4736","name":"POST /orders","ms":1234,"at":1700000030000,"failed":true}],)"
    R"("feed":[{"id":1,"at":1700000000000,"kind":"job","severity":"error","text":"a\u0007","link":"#","trace":""},)"
    R"({"id":2,"at":1700000001000,"kind":"log","severity":"warn","text":"b","link":"#","trace":"4bf92f3577b34da6a3ce929d0e0e4736"}]})";

TEST(Overview, SaysWhetherItIsWellAndWhyNot) {
    EXPECT_EQ(overview_text_of(boost::json::parse(seen), from_unix_ms(1'700'000'060'000), false),
              "degraded since 2023-11-14T22:13:20.000Z, 1m\n"
              "  db: slow?[2J\n"
              "\n"
              "FIGURE        NOW      LIMIT     CURVE\n"
              "Jobs waiting  12                 ▁▅ █\n"
              "Oldest job    1m 30s   above 1m\n"
              "Failed        0\n"
              "Cache hit     –\n"
              "Errors/min    0.4/min  1/min     ▁\n"
              "\n"
              "SEVERITY  COUNT  SINCE  NEEDS ATTENTION\n"
              "error     17     1m     17 jobs failed\n"
              "warn      1             no workers\n"
              "\n"
              "TOOK  BEGAN  TRACE                             SLOWEST\n"
              "1.2s  30s    4bf92f3577b34da6a3ce929d0e0e4736  failed: POST /orders");
    EXPECT_EQ(overview_text_of(boost::json::parse(R"({"status":"healthy","since":1700000000000})"),
                               from_unix_ms(1'700'000'000'000), true),
              "\x1b[32mhealthy\x1b[0m since 2023-11-14T22:13:20.000Z, 0ms\n\nnothing needs attention");
}

TEST(Overview, IsADocumentWithTheSameMembersAlways) {
    const auto document = overview_document_of(boost::json::parse(seen));
    EXPECT_EQ(document.at("figures").at(1).at("limit"), 60);
    EXPECT_EQ(document.at("attention").at(0).at("action").at("path"), "/queues/mail/failures/1/retry");
    EXPECT_EQ(document.at("attention").at(0).at("since"), "2023-11-14T22:13:20.000Z");
    EXPECT_EQ(document.at("slowest").at(0).at("at"), "2023-11-14T22:13:50.000Z");
    EXPECT_EQ(document.at("causes").at(0).at("check"), "db");
    for (const auto* each : {"[]", "7", R"({"causes":[7],"figures":[null],"concerns":[[]],"slowest":["x"]})"}) {
        const auto odd = boost::json::parse(each);
        EXPECT_TRUE(overview_document_of(odd).at("status").is_null());
        EXPECT_TRUE(overview_document_of(odd).at("attention").is_array());
        EXPECT_FALSE(overview_text_of(odd, {}, true).empty());
    }
}

struct OverviewCommand : verb_at<top_service> {
    OverviewCommand() : verb_at("overview", add_overview) {}
};

TEST_F(OverviewCommand, ExitsAsTheServiceIs) {
    shop.say("/infra/api/overview", seen);
    EXPECT_EQ(run({}), 0) << err;
    EXPECT_TRUE(out.starts_with("degraded since ")) << out;
    shop.say("/infra/api/overview", R"({"status":"unhealthy"})");
    EXPECT_EQ(run({"--json"}), 4);
    EXPECT_EQ(boost::json::parse(out).at("figures"), json::array());
    for (const auto* each : {"{}", "[]", R"({"status":"fine"})"}) {
        shop.say("/infra/api/overview", each);
        EXPECT_EQ(run({}), 4) << each;
        EXPECT_NE(err.find("does not say whether it is well"), std::string::npos) << err;
    }
}

TEST_F(OverviewCommand, SaysWhatIsWrong) {
    for (const auto* each : {"soon", "59s", "7h"})
        EXPECT_EQ(run({"--range", each}), 2) << each;
    EXPECT_EQ(run({}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({}), 2);
    EXPECT_NE(err.find("set INFRA_ADMIN_TOKEN"), std::string::npos) << err;
}

struct NewsCommand : verb_at<top_service> {
    NewsCommand() : verb_at("news", add_news) {}
};

TEST_F(NewsCommand, PrintsTheNewestTheOldestOfThemFirst) {
    shop.say("/infra/api/overview", seen);
    ASSERT_EQ(run({}), 0) << err;
    EXPECT_EQ(out, "2023-11-14T22:13:20.000Z  error  job  a?\n"
                   "2023-11-14T22:13:21.000Z  warn   log  b  trace=4bf92f3577b34da6a3ce929d0e0e4736\n");
    ASSERT_EQ(run({"-n", "1", "--json"}), 0) << err;
    EXPECT_EQ(boost::json::parse(out), (json::value{{"id", 2},
                                                    {"at", "2023-11-14T22:13:21.000Z"},
                                                    {"kind", "log"},
                                                    {"severity", "warn"},
                                                    {"text", "b"},
                                                    {"trace", "4bf92f3577b34da6a3ce929d0e0e4736"}}));
    shop.say("/infra/api/overview", "[]");
    ASSERT_EQ(run({}), 0);
    EXPECT_EQ(out + err, "infra: nothing has happened yet\n");
}

TEST_F(NewsCommand, SaysWhatIsWrong) {
    EXPECT_EQ(run({"-n", "101"}), 2);
    EXPECT_EQ(run({"--follow"}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
    shop.say("/infra/api/overview", seen);
    shop.say("/infra/api/live", R"({"error":{"code":"too_many_viewers","message":"too many pages look"}})", 503);
    EXPECT_EQ(run({"--follow"}), 5);
    EXPECT_NE(err.find("too many pages look"), std::string::npos) << err;
    shop.say("/infra/api/live", "retry: 2000\n\nevent: feed\ndata: {\"items\":[{\"id\":3,\"at\":1700000002000,"
                                "\"kind\":\"log\",\"severity\":\"warn\",\"text\":\"c\"}],\"skipped\":0}\n\n");
    EXPECT_EQ(run({"--follow", "-n", "0"}), 5);
    EXPECT_EQ(out, "2023-11-14T22:13:22.000Z  warn   log  c\n");
    EXPECT_EQ(err, "infra: the service has ended the stream of its news\n");
}

} // namespace
} // namespace infra::cli
