#include "src/dashboard_client.hpp"
#include "src/verbs.hpp"

#include "tests/program_on_terminal.hpp"
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
    EXPECT_EQ(run({"--export", "-n", "5"}), 2);
    EXPECT_NE(err.find("--export"), std::string::npos) << err;
    for (const auto* each : {"0", "-1", "1.5", "soon", "", "18446744073709551616"}) {
        EXPECT_EQ(run({"--around=" + std::string(each)}), 2) << each;
        EXPECT_NE(err.find("--around"), std::string::npos) << err;
    }
    EXPECT_TRUE(shop.asked().empty()) << "nobody was asked";
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

TEST_F(LogsCommand, TellsADashboardWithoutThatFromNoDashboard) {
    shop.have_dashboard();
    for (const auto& each : std::vector<std::vector<std::string>>{{}, {"--export"}}) {
        EXPECT_EQ(run(each), 1);
        EXPECT_NE(err.find("this service does not offer that"), std::string::npos) << err;
        EXPECT_EQ(err.find("no dashboard"), std::string::npos) << err;
    }
    shop.say("/infra/api/session", "<html>");
    EXPECT_EQ(run({}), 1);
    EXPECT_NE(err.find("no dashboard under /infra"), std::string::npos) << err;
}

TEST_F(LogsCommand, ExportsTheBytesAsTheyAreButToATerminal) {
    shop.say("/infra/api/logs/export", "a\x1b[2J\xc2\x9b\r\nä\n");
    EXPECT_EQ(run({"--export"}), 0) << err;
    EXPECT_EQ(out, "a\x1b[2J\xc2\x9b\r\nä\n");
    program_on_terminal shown({"logs", "--export", "--url", shop.url()}, 80, true);
    EXPECT_EQ(shown.ended(), 0) << shown.told();
    EXPECT_EQ(shown.told(), "a?[2J?\r\nä\r\n") << "a terminal has a CR before each LF";
}

TEST(PiecesForTerminal, MayEndAnywhere) {
    const std::string all = "€ä\r\n\xc2\x9b\xe2\x80\xae\xf0\x9f\x98\x80\xff\r";
    for (std::size_t length = 1; length <= all.size(); ++length) {
        pieces_for_terminal shown;
        std::string text;
        for (std::size_t at = 0; at < all.size(); at += length)
            text += shown.add(std::string_view(all).substr(at, length));
        EXPECT_EQ(text + shown.rest(), "€ä\n??\xf0\x9f\x98\x80\xef\xbf\xbd?") << length;
    }
}

TEST(ServiceRoot, IsWhatStandsBeforeAKnownPath) {
    const struct {
        const char* given;
        const char* root;
    } cases[] = {
        {"http://h", "http://h"},
        {"http://h:1//", "http://h:1"},
        {"http://infra/", "http://infra"},
        {"http://h/infra", "http://h"},
        {"http://h/infra/#/logs?level=warn", "http://h"},
        {"http://h/infra/login?token=a", "http://h"},
        {"http://h/health", "http://h"},
        {"http://h/ready/", "http://h"},
        {"http://h/shop/metrics", "http://h/shop"},
        {"http://h/shop", "http://h/shop"},
        {"h:1/infra", "h:1"},
    };
    for (const auto& each : cases)
        EXPECT_EQ(service_root(each.given), each.root) << each.given;
    for (const auto* each : {"http://h?x=1", "http://h/?x=1", "http://h/health?full", "http://h/#/logs"})
        EXPECT_THROW(service_root(each), refused) << each;
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
