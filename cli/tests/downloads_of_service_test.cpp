#include "src/verbs.hpp"

#include "src/frame.hpp"
#include "tests/shop_service.hpp"
#include "tests/top_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace infra::cli {
namespace {

template <class Service>
struct before : ::testing::Test {
    before() { ::setenv("INFRA_ADMIN_TOKEN", std::string(Service::token).c_str(), 1); }
    ~before() override { ::unsetenv("INFRA_ADMIN_TOKEN"); }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_all(f);
        words.insert(words.end(), {"--url", shop.url()});
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }
    json::value document() const { return boost::json::parse(out); }

    Service shop;
    std::string out, err;
};

/// What the page offers to be kept, and what it knows of mails and of who did what, before a service with a dashboard.
using DownloadsOfService = before<shop_service>;

/// The same verbs before a service whose answers the test says.
using VerbsBeforeAnother = before<top_service>;

TEST_F(VerbsBeforeAnother, EndWhereItDoesNotGetOn) {
    for (const auto* each : {"actions", "mail/sent", "traces"})
        shop.say("/infra/api/" + std::string(each), R"({"items":[],"next":"7"})");
    for (const auto& each : std::vector<std::vector<std::string>>{{"actions"}, {"email", "sent"}, {"traces"}}) {
        EXPECT_EQ(run(each), 0) << err;
        EXPECT_EQ(err.find("there are more"), std::string::npos) << err;
    }
    EXPECT_EQ(shop.asked().size(), 6u) << "each twice";
}

TEST_F(VerbsBeforeAnother, TakeNoLinkForOneThatIsNone) {
    shop.have_dashboard();
    EXPECT_EQ(run({"login"}), 1);
    EXPECT_NE(err.find("this service does not offer that"), std::string::npos) << err;
    for (const auto* each : {"{}", "[]", R"({"path":7})", R"({"path":"@elsewhere"})"}) {
        shop.say("/infra/api/login-link", each);
        EXPECT_EQ(run({"login"}), 1) << each;
        EXPECT_EQ(out, "") << each;
        EXPECT_NE(err.find("without a link"), std::string::npos) << err;
    }
}

TEST_F(DownloadsOfService, WriteATraceForOtherTools) {
    ASSERT_EQ(run({"traces", "--failed", "--name", "post /orders", "--json"}), 0) << err;
    const auto trace = std::string(document().at("traces").at(0).at("trace").as_string());
    ASSERT_EQ(run({"traces", trace, "--otlp"}), 0) << err;
    const auto spans = document().at("resourceSpans").at(0).at("scopeSpans").at(0).at("spans").as_array();
    EXPECT_EQ(spans.size(), 4u);
    EXPECT_EQ(spans[0].at("traceId"), trace.c_str());
    EXPECT_EQ(run({"traces", std::string(32, 'f'), "--otlp"}), 3);
    EXPECT_EQ(out, "");
    EXPECT_EQ(run({"traces", "--otlp"}), 2);
    EXPECT_EQ(run({"traces", trace, "--otlp", "--logs"}), 2);
}

TEST_F(DownloadsOfService, CountTracesByTheirNames) {
    ASSERT_EQ(run({"traces", "--names", "--json"}), 0) << err;
    const auto names = document().at("names").as_array();
    const auto orders = std::ranges::find_if(names, [](const auto& each) { return each.at("name") == "POST /orders"; });
    ASSERT_NE(orders, names.end()) << out;
    EXPECT_EQ(orders->at("count"), 12);
    EXPECT_EQ(orders->at("failed"), 4);
    ASSERT_EQ(run({"traces", "--names"}), 0) << err;
    EXPECT_TRUE(out.starts_with("COUNT  FAILED  SLOWEST  NAME\n")) << out;
    EXPECT_EQ(run({"traces", "--names", "--failed"}), 2);
}

TEST_F(DownloadsOfService, WriteAMetricAsATable) {
    ASSERT_EQ(run({"metrics", "--json"}), 0) << err;
    const auto name = std::string(document().at("metrics").at(0).at("name").as_string());
    ASSERT_EQ(run({"metrics", name, "--csv"}), 0) << err;
    EXPECT_TRUE(out.starts_with("time,")) << out.substr(0, 100);
    EXPECT_EQ(run({"metrics", "no_such_metric", "--csv"}), 3);
    EXPECT_EQ(run({"metrics", "--csv"}), 2);
    EXPECT_EQ(run({"metrics", name, "--csv", "--json"}), 2);
}

TEST_F(DownloadsOfService, WriteTheLogAsItIs) {
    ASSERT_EQ(run({"logs", "--level", "error", "--module", "mail", "--export"}), 0) << err;
    std::istringstream lines(out);
    std::size_t count = 0;
    for (std::string each; std::getline(lines, each); ++count)
        EXPECT_EQ(boost::json::parse(each).at("level"), "error");
    EXPECT_EQ(count, 4u);
    EXPECT_EQ(run({"logs", "--trace", "zz", "--export"}), 2);
    EXPECT_EQ(run({"logs", "--export", "--follow"}), 2);
}

TEST_F(DownloadsOfService, ShowWhatWasSaidAroundALine) {
    ASSERT_EQ(run({"logs", "8003", "was", "not", "--json"}), 0) << err;
    const auto id = std::to_string(document().at("id").as_int64());
    ASSERT_EQ(run({"logs", "--around", id, "-n", "4"}), 0) << err;
    EXPECT_EQ(std::ranges::count(out, '\n'), 5) << out;
    EXPECT_NE(out.find("mail 8003 was not sent"), std::string::npos) << out;
    EXPECT_EQ(run({"logs", "--around", id, "--level", "error"}), 2);
    EXPECT_EQ(run({"logs", "--around", "999999999"}), 3);
}

TEST_F(DownloadsOfService, ListMailsWithWhatBecameOfThem) {
    ASSERT_EQ(run({"email", "sent", "--json"}), 0) << err;
    const auto all = document().at("mails").as_array();
    ASSERT_FALSE(all.empty());
    for (const auto& each : all) {
        EXPECT_TRUE(each.at("at").is_string());
        EXPECT_FALSE(each.at("transport").as_string().empty());
    }
    ASSERT_EQ(run({"email", "sent", "-n", "1"}), 0) << err;
    EXPECT_TRUE(out.starts_with("TIME ")) << out;
    EXPECT_NE(out.find("***@"), std::string::npos) << out << "recipients are shortened";
    EXPECT_EQ(run({"email", "sent", "--state", "lost"}), 2);
}

TEST_F(DownloadsOfService, TellWhoDidWhat) {
    ASSERT_EQ(run({"actions"}), 0);
    EXPECT_EQ(err, "infra: nobody has changed anything by the dashboard since the service began\n");
    ASSERT_EQ(run({"login", "--json"}), 0) << err;
    const auto link = std::string(document().at("url").as_string());
    EXPECT_TRUE(link.starts_with(shop.url() + "/infra/login?token=")) << link;
    EXPECT_EQ(document().at("seconds"), 900);
    ASSERT_EQ(run({"actions", "--json"}), 0) << err;
    const auto last = document().at("actions").as_array().at(0);
    EXPECT_EQ(last.at("what"), "make a link to log in with");
    EXPECT_EQ(last.at("who"), "token");
    EXPECT_EQ(out.find("token="), std::string::npos) << "the link is in no record";
}

} // namespace
} // namespace infra::cli
