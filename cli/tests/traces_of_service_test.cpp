#include "src/verbs.hpp"

#include "tests/shop_service.hpp"
#include "tests/verb_at_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

/// `infra traces` before a service with a dashboard.
struct TracesOfService : verb_at<shop_service> {
    TracesOfService() : verb_at("traces", add_traces) {}
    json::value document() const { return boost::json::parse(out); }

    /// Of a purchase that failed.
    std::string failed_trace() {
        EXPECT_EQ(run({"--failed", "--name", "post /orders", "--json"}), 0) << err;
        return std::string(document().at("traces").at(0).at("trace").as_string());
    }
};

TEST_F(TracesOfService, ListsThoseThatAreWanted) {
    ASSERT_EQ(run({"--failed", "--name", "post /orders", "--json"}), 0) << err;
    const auto failed = document();
    ASSERT_EQ(failed.at("traces").as_array().size(), 4u);
    EXPECT_EQ(failed.at("more"), false);
    for (const auto& each : failed.at("traces").as_array()) {
        EXPECT_EQ(each.at("name"), "POST /orders");
        EXPECT_EQ(each.at("spans"), 4);
        EXPECT_EQ(each.at("failed"), true);
    }
    ASSERT_EQ(run({"--route", "POST /orders", "--no-probes", "--since", "1h", "--json"}), 0) << err;
    EXPECT_EQ(document().at("traces").as_array().size(), 12u);
    ASSERT_EQ(run({"--slow", "1h", "--json"}), 0) << err;
    EXPECT_EQ(document(), (json::value{{"traces", json::array()}, {"more", false}}));
    ASSERT_EQ(run({"--slow", "1h"}), 0);
    EXPECT_EQ(err, "infra: no trace of those that the service keeps is so\n");
    ASSERT_EQ(run({"--route", "POST /orders", "-n", "3"}), 0) << err;
    EXPECT_TRUE(out.starts_with("BEGAN ")) << out;
    EXPECT_EQ(std::ranges::count(out, '\n'), 4) << out;
    EXPECT_EQ(err, "infra: there are more; --limit shows them\n");
}

TEST_F(TracesOfService, ShowsOneAsAWaterfallWithItsLog) {
    const auto trace = failed_trace();
    ASSERT_EQ(run({trace, "--logs"}), 0) << err;
    EXPECT_TRUE(out.starts_with("POST /orders  " + trace + "\nbegan ")) << out;
    for (const auto* each :
         {"4 spans, failed\n", "  select stock\n", "  process mail\n",
          "    send email  failed: the server does not answer\n", "\njobs   mail/80", "\nmails  m-",
          "  info   shop  order taken  order=", "was not sent  error=\"the server does not answer\""})
        EXPECT_NE(out.find(each), std::string::npos) << each << "\n" << out;
    ASSERT_EQ(run({trace, "--attributes"}), 0) << err;
    EXPECT_NE(out.find("db.system=sqlite db.statement=\"select amount from stock\"\n"), std::string::npos) << out;
    ASSERT_EQ(run({trace, "--logs", "--json"}), 0) << err;
    EXPECT_EQ(document().at("trace"), trace.c_str());
    EXPECT_EQ(document().at("spans").as_array().size(), 4u);
    EXPECT_EQ(document().at("logs").as_array().size(), 2u);
    EXPECT_EQ(document().at("logs").at(0).at("message"), "order taken") << "the oldest first";
    ASSERT_EQ(run({trace, "--json"}), 0) << err;
    EXPECT_TRUE(document().at("logs").is_null());
}

TEST_F(TracesOfService, SaysWhatIsNotThere) {
    EXPECT_EQ(run({std::string(32, 'f')}), 3);
    EXPECT_NE(err.find("no span of this trace is kept"), std::string::npos) << err;
    EXPECT_EQ(run({"zz/../logs"}), 2);
    EXPECT_NE(err.find("expected 32 hex digits"), std::string::npos) << err;
}

} // namespace
} // namespace infra::cli
