#include "src/frame.hpp"
#include "src/verbs.hpp"

#include "tests/shop_service.hpp"

#include <infra/base/json.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <future>
#include <optional>
#include <sstream>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

/// Counts how often it is flushed: what is followed is, once there is a stream, and behind whatever that said.
struct counting : std::stringbuf {
    std::atomic<int> flushed{0};
    int sync() override {
        ++flushed;
        return 0;
    }
};

/// `infra logs` before a service with a dashboard.
struct LogsOfService : ::testing::Test {
    ~LogsOfService() override { ::unsetenv("INFRA_ADMIN_TOKEN"); }

    int run(std::vector<std::string> words) {
        std::ostream to(&printed);
        std::ostringstream problems;
        frame f(to, problems);
        add_logs(f);
        words.insert(words.begin(), "logs");
        words.insert(words.end(), {"--url", shop->url()});
        printed.str("");
        const int code = f.run(std::move(words));
        out = printed.str();
        err = problems.str();
        return code;
    }
    std::vector<json::value> documents() const {
        std::vector<json::value> all;
        std::istringstream lines(out);
        for (std::string each; std::getline(lines, each);)
            all.push_back(boost::json::parse(each));
        return all;
    }
    std::vector<std::string> messages() const {
        std::vector<std::string> all;
        for (const auto& each : documents())
            all.emplace_back(each.at("message").as_string());
        return all;
    }

    /// Runs it beside the test, and waits until it follows.
    std::future<int> followed(std::vector<std::string> words) {
        words.insert(words.end(), {"--follow", "--module", "seed", "--json"});
        auto ended = std::async(std::launch::async, [this, words] { return run(words); });
        while (printed.flushed == 0 && ended.wait_for(1ms) != std::future_status::ready)
            ;
        return ended;
    }

    std::optional<shop_service> shop{std::in_place};
    counting printed;
    std::string out, err;
};

// --- what is there ------------------------------------------------------------------------------------------------

TEST_F(LogsOfService, ShowsTheNewestLinesTheOldestOfThemFirst) {
    ASSERT_EQ(run({"--module", "db", "-n", "250", "--json"}), 0) << err;
    const auto all = documents();
    ASSERT_EQ(all.size(), 250u) << "in two pages";
    for (std::size_t i = 1; i < all.size(); ++i)
        ASSERT_LT(all[i - 1].at("id").as_int64(), all[i].at("id").as_int64());
    EXPECT_EQ(all.back().at("message"), "slow");
    EXPECT_EQ(all.back().at("level"), "warn");
    ASSERT_EQ(run({"--module", "db", "-n", "1"}), 0) << err;
    EXPECT_NE(out.find("Z  warn   db.pool  slow  took="), std::string::npos) << out;
    EXPECT_LT(out.size(), 400u) << "a long value's beginning";
}

TEST_F(LogsOfService, FindsLinesByLevelWordsFieldsAndTrace) {
    ASSERT_EQ(run({"--level", "error", "--module", "mail", "--json"}), 0) << err;
    EXPECT_EQ(messages(), (std::vector<std::string>{"mail 8000 was not sent", "mail 8003 was not sent",
                                                    "mail 8006 was not sent", "mail 8009 was not sent"}));
    ASSERT_EQ(run({"8003", "was", "not", "--json"}), 0) << err;
    EXPECT_EQ(messages(), (std::vector<std::string>{"mail 8003 was not sent"}));
    const auto trace = std::string(documents().front().at("trace").as_string());
    ASSERT_EQ(run({"--trace", trace, "--json"}), 0) << err;
    EXPECT_EQ(messages(), (std::vector<std::string>{"order taken", "mail 8003 was not sent"}));
    ASSERT_EQ(run({"--field", "order=7", "--json"}), 0) << err;
    EXPECT_EQ(messages(), (std::vector<std::string>{"order taken"}));
    EXPECT_EQ(documents().front().at("fields").at("order"), 7);
    ASSERT_EQ(run({"--since", "1h", "slow", "--module", "db.pool", "--json"}), 0) << err;
    EXPECT_EQ(documents().size(), 1u);
    ASSERT_EQ(run({"no such words"}), 0);
    EXPECT_EQ(out, "");
    EXPECT_EQ(err, "infra: no line of those that the service keeps is so\n");
    EXPECT_EQ(run({"--trace", "zz"}), 2);
    EXPECT_NE(err.find("trace: expected 32 hex digits"), std::string::npos) << err;
}

// --- what comes ---------------------------------------------------------------------------------------------------

TEST_F(LogsOfService, FollowsWithEachLineOnce) {
    shop->get("/seed/say?text=one");
    auto ended = followed({"--count", "3"});
    shop->get("/seed/say?text=two");
    shop->get("/seed/say?text=three");
    EXPECT_EQ(ended.get(), 0) << err;
    EXPECT_EQ(messages(), (std::vector<std::string>{"one", "two", "three"}));
    EXPECT_EQ(err, "");
}

TEST_F(LogsOfService, FollowsOnlyWhatComes) {
    shop->get("/seed/say?text=before");
    auto ended = followed({"--count", "1", "-n", "0"});
    shop->get("/seed/say?text=after");
    EXPECT_EQ(ended.get(), 0) << err;
    EXPECT_EQ(messages(), (std::vector<std::string>{"after"}));
}

TEST_F(LogsOfService, GoesOnWhenTheServiceHasBegunAgain) {
    const auto port = shop->port();
    shop->get("/seed/say?text=before");
    auto ended = followed({"--count", "2"});
    shop->end();
    const auto url = shop->url();
    shop_service next({"--port", port});
    EXPECT_EQ(next.url(), url);
    next.get("/seed/say?text=after");
    EXPECT_EQ(ended.get(), 0) << err;
    EXPECT_EQ(messages(), (std::vector<std::string>{"before", "after"}));
    EXPECT_NE(err.find("; it is asked again until it answers\n"), std::string::npos) << err;
    EXPECT_NE(err.find("infra: the service has begun again, and so does its log\ninfra: the service answers again\n"),
              std::string::npos)
        << err;
}

TEST_F(LogsOfService, EndsByCtrlC) {
    auto ended = followed({});
    std::raise(SIGINT);
    EXPECT_EQ(ended.get(), 0) << err;
}

} // namespace
} // namespace infra::cli
