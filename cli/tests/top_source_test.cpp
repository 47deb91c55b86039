#include "src/top_source.hpp"

#include "tests/top_service.hpp"

#include <boost/asio/this_coro.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::cli::top {
namespace {

using namespace std::chrono_literals;

awaitable<std::vector<reading>> looks(source_options options, std::size_t count) {
    source from(co_await asio::this_coro::executor, std::move(options));
    std::vector<reading> all;
    while (all.size() < count)
        all.push_back(co_await from.look());
    co_return all;
}

reading look(const top_service& at, std::string token = "") {
    return wait(looks({.url = at.url(), .admin_token = std::move(token)}, 1)).at(0);
}

std::string why_not(const std::string& url) {
    try {
        wait(looks({.url = url, .patience = 500ms}, 1));
    } catch (const boost::system::system_error& e) {
        return e.what();
    }
    return "";
}

TEST(TopSource, ShowsNoPasswordOfItsAddress) {
    EXPECT_EQ(shown_url("http://h:1"), "http://h:1");
    EXPECT_EQ(shown_url("http://user:p@ss@h:1/a@b?token=c#d"), "http://h:1/a@b");
    EXPECT_EQ(shown_url("user:pass@h"), "h");
    EXPECT_EQ(shown_url(""), "");
}

TEST(TopSource, TellsWhatAnybodyMayKnow) {
    const top_service shop;
    const auto now = look(shop);
    EXPECT_EQ(now.gauge(measured::started), 100);
    EXPECT_EQ(now.status, "healthy");
    EXPECT_EQ(now.service, "shop");
    EXPECT_EQ(now.uptime_seconds, 61);
    EXPECT_TRUE(now.note.starts_with("set INFRA_ADMIN_TOKEN")) << now.note;
    EXPECT_EQ(shop.asked(), (std::vector<std::string>{"/metrics", "/health"}));
}

TEST(TopSource, TellsOperatorsMore) {
    top_service shop;
    shop.have_dashboard();
    const auto now = look(shop, std::string(top_service::token));
    EXPECT_EQ(now.note, "");
    EXPECT_EQ(now.version, "1.2");
    EXPECT_EQ(now.queues.at("mail").failed, 4);
    EXPECT_EQ(now.channels, 2u);
    EXPECT_EQ(now.checks.at(0).message, "1 ms");
    EXPECT_EQ(now.concerns.at(0).text, "mail is slow");
}

TEST(TopSource, AsksOnceWhetherItIsAnOperator) {
    top_service shop;
    shop.have_dashboard();
    const auto all = wait(looks({.url = shop.url(), .admin_token = "another"}, 3));
    for (const auto& each : all)
        EXPECT_NE(each.note.find("refuses INFRA_ADMIN_TOKEN"), std::string::npos) << each.note;
    EXPECT_EQ(std::ranges::count(shop.asked(), "/infra/api/session"), 1) << "who asks ten times is locked out";
    EXPECT_EQ(all[2].note.find("another"), std::string::npos);
}

TEST(TopSource, SaysThatThereIsNoDashboard) {
    const top_service shop;
    const auto now = look(shop, std::string(top_service::token));
    EXPECT_NE(now.note.find("no dashboard"), std::string::npos) << now.note;
    EXPECT_EQ(now.status, "healthy");
}

TEST(TopSource, ShowsWhatThereIsWhenAPartFails) {
    top_service shop;
    shop.have_dashboard();
    shop.say("/infra/api/queues", "oops", 500);
    const auto now = look(shop, std::string(top_service::token));
    EXPECT_EQ(now.note, "GET /infra/api/queues was answered with 500");
    EXPECT_EQ(now.concerns.size(), 1u);
}

TEST(TopSource, ReadsNoDocumentThatWouldFillTheMemory) {
    top_service shop;
    shop.say("/health", "[" + std::string(std::size_t{5} << 20, ' ') + "]");
    const auto now = look(shop);
    EXPECT_NE(now.note.find("over the limit"), std::string::npos) << now.note;
    EXPECT_EQ(now.status, "");
}

TEST(TopSource, HasTheHealthOfAServiceThatIsIll) {
    top_service shop;
    shop.say("/health", R"({"status":"unhealthy","checks":{"db":{"status":"unhealthy"}}})", 503);
    EXPECT_EQ(look(shop).status, "unhealthy");
    EXPECT_EQ(look(shop).checks.at(0).status, "unhealthy");
    shop.say("/health", "", 404);
    EXPECT_EQ(look(shop).status, "");
}

TEST(TopSource, ThrowsWhereThereAreNoMetrics) {
    top_service shop;
    shop.say("/metrics", "<html>");
    EXPECT_NE(why_not(shop.url()).find("gives no metrics"), std::string::npos);
    shop.say("/metrics", "", 404);
    EXPECT_NE(why_not(shop.url()).find("gives no metrics"), std::string::npos);
    shop.say("/metrics", "a 1\n", 503);
    EXPECT_EQ(why_not(shop.url()), "GET /metrics was answered with 503");
    EXPECT_FALSE(why_not("http://127.0.0.1:1").empty());
    EXPECT_FALSE(why_not("nonsense").empty());
}

} // namespace
} // namespace infra::cli::top
