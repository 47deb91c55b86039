#include "src/cron.hpp"

#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace infra::cli {
namespace {

using std::chrono::hours;

constexpr wall_time october = std::chrono::sys_days(std::chrono::year(2026) / 10 / 24);

TEST(NextRuns, AreShownAsClocksShowThem) {
    const auto cron = queue::cron_expression::parse("0 */12 * * *");
    EXPECT_EQ(next_runs(cron, queue::time_zone::named("Europe/Berlin"), october, 4),
              (std::vector<std::string>{"2026-10-24T12:00:00+02:00", "2026-10-25T00:00:00+02:00",
                                        "2026-10-25T12:00:00+01:00", "2026-10-26T00:00:00+01:00"}));
    EXPECT_EQ(next_runs(cron, {}, october, 1), std::vector<std::string>{"2026-10-24T12:00:00Z"});
}

TEST(NextRuns, EndWithTime) {
    EXPECT_TRUE(next_runs(queue::cron_expression::parse("@yearly"), {}, wall_time::max() - hours(1), 3).empty());
}

struct CronVerb : testing::Test {
    CronVerb() { add_cron(f); }
    int run(std::vector<std::string> words) {
        out.str("");
        err.str("");
        words.insert(words.begin(), {"cron", "next"});
        return f.run(std::move(words));
    }
    std::ostringstream out, err;
    frame f{out, err};
};

TEST_F(CronVerb, PrintsOneTimeALine) {
    EXPECT_EQ(run({"*/10 * * * * *", "-n", "3"}), 0);
    const auto text = out.str();
    EXPECT_EQ(std::ranges::count(text, '\n'), 3);
    EXPECT_EQ(text.substr(17, 4), text.substr(17, 1) + "0Z\n") << text;
    EXPECT_EQ(run({"@daily", "--tz", "Asia/Kolkata", "-n", "5"}), 0);
    EXPECT_EQ(std::ranges::count(out.str(), '\n'), 5);
    EXPECT_EQ(out.str().substr(10, 16), "T00:00:00+05:30\n");
}

TEST_F(CronVerb, PrintsOneDocumentOfJson) {
    EXPECT_EQ(run({"0 8  * * mon", "--tz", "Asia/Kolkata", "-n", "2", "--json"}), 0);
    const auto document = boost::json::parse(out.str());
    EXPECT_EQ(document.at("pattern").as_string(), "0 8 * * MON");
    EXPECT_EQ(document.at("tz").as_string(), "Asia/Kolkata");
    EXPECT_EQ(document.at("next").as_array().size(), 2u);
    EXPECT_TRUE(document.at("next").at(1).as_string().ends_with("T08:00:00+05:30"));
}

TEST_F(CronVerb, SaysWhatIsWrong) {
    EXPECT_EQ(run({"0 25 * * *"}), 2);
    EXPECT_TRUE(err.str().starts_with("infra: this is no cron expression: hour: '25' is not allowed; ")) << err.str();
    EXPECT_EQ(run({"0 5 * * *", "--tz", "Mars/Olympus"}), 2);
    EXPECT_TRUE(err.str().starts_with("infra: there is no time zone 'Mars/Olympus'; ")) << err.str();
    EXPECT_EQ(run({"0 5 * * *", "-n", "0"}), 2);
    EXPECT_EQ(run({"0 5 * * *", "-n", "1001"}), 2);
    EXPECT_EQ(run({}), 2);
}

} // namespace
} // namespace infra::cli
