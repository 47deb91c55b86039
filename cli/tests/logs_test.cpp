#include "src/dashboard_client.hpp"
#include "src/verbs.hpp"

#include "tests/top_service.hpp"
#include "tests/verb_at_service.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <cstdlib>

namespace infra::cli {
namespace {

/// A command line before a service whose answers the test says.
struct LogsCommand : verb_at<top_service> {
    LogsCommand() : verb_at("logs", add_logs) {}
};

TEST_F(LogsCommand, SaysWhatToDoWhereItIsToldNothing) {
    EXPECT_EQ(run({}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
    EXPECT_NE(err.find("infra::dashboard::mount"), std::string::npos) << err;
    EXPECT_EQ(run({"--follow"}), 1) << "one that was never there is not waited for";
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({}), 2);
    EXPECT_NE(err.find("set INFRA_ADMIN_TOKEN"), std::string::npos) << err;
    EXPECT_EQ(err.find("another"), std::string::npos) << "no token is shown";
    EXPECT_EQ(run({"--json"}), 2);
    EXPECT_TRUE(boost::json::parse(out).at("error").at("message").is_string()) << out;
}

TEST_F(LogsCommand, RefusesWhatCannotBeAskedFor) {
    EXPECT_EQ(run({"--level", "loud"}), 2);
    EXPECT_EQ(run({"--since", "soon"}), 2);
    EXPECT_NE(err.find("--since"), std::string::npos) << err;
    EXPECT_EQ(run({"--field", "=1"}), 2);
    EXPECT_EQ(run({"-n", "10001"}), 2);
    EXPECT_EQ(run({"--timeout", "0s"}), 2);
    shop.say("/infra/api/logs", R"({"items":[],"next":null})");
    EXPECT_EQ(run({"--follow", std::string(600, 'x')}), 2);
    EXPECT_NE(err.find("512 bytes"), std::string::npos) << err;
}

TEST_F(LogsCommand, IsNotMisledByAnAnswerOfAnotherShape) {
    for (const auto* each : {"[]", "7", R"({"items":7})", R"({"items":[7,null,{}],"next":false})"}) {
        shop.say("/infra/api/logs", each);
        EXPECT_EQ(run({}), 0) << each << err;
    }
    shop.say("/infra/api/logs", "<html>");
    EXPECT_EQ(run({}), 1);
    EXPECT_NE(err.find("is --url that of the service?"), std::string::npos) << err;
}

TEST(DashboardAnswer, IsADocumentOrAReason) {
    EXPECT_EQ(dashboard_document(200, "[1]"), (json::value(json::array{1})));
    EXPECT_TRUE(dashboard_document(204, "").is_null());
    const auto ends = [](int status, const char* body) {
        try {
            dashboard_document(status, body);
        } catch (const refused& e) {
            return static_cast<int>(e.exit());
        } catch (const error& e) {
            return e.code() == errc::unavailable ? static_cast<int>(exit_code::unreachable) : -1;
        }
        return 0;
    };
    const struct {
        int status;
        const char* body;
        int code;
    } cases[] = {
        {400, R"({"error":{"code":"invalid_query","message":"trace: expected 32 hex digits"}})", 2},
        {401, "", 2},
        {403, R"({"error":{"code":"not_from_here","message":"m"}})", 2},
        {403, R"({"error":{"code":"read_only","message":"m"}})", 1},
        {404, "", 1},
        {404, R"({"error":{"code":"not_found","message":"m"}})", 1},
        {404, R"({"error":{"code":"gone","message":"m"}})", 3},
        {409, R"({"error":{"code":"too_many","message":"m"}})", 1},
        {421, "", 2},
        {422, R"({"error":{"message":"m"}})", 2},
        {429, "", 1},
        {500, "", 1},
        {502, "<html>", 5},
        {503, R"({"error":{"code":"too_many_viewers","message":"m"}})", 5},
    };
    for (const auto& each : cases)
        EXPECT_EQ(ends(each.status, each.body), each.code) << each.status << each.body;
}

} // namespace
} // namespace infra::cli
