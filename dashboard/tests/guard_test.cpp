#include "src/guard.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace infra::dashboard {
namespace {

using enum verdict;
using enum need;

shown somebody_here() { return {.from_here = true, .local_host = true, .page_header = true, .by = asked_by::ours}; }

shown logged_in() {
    auto s = somebody_here();
    s.session = true;
    return s;
}

shown with_admin_token() { return {.admin_token = true}; } // from anywhere, by no browser

shown known_to_the_service(role r) {
    auto s = somebody_here();
    s.from_here = s.local_host = false;
    s.by_service = r;
    return s;
}

template <class Change>
shown but(shown s, Change change) {
    change(s);
    return s;
}

struct row {
    const char* who;
    shown s;
    verdict to_page, to_read, to_live, to_operate;
};

TEST(Guard, LetsInWhoMay) {
    const std::vector<row> rows{
        {"nobody logged in", somebody_here(), welcome, stranger, stranger, stranger},
        {"logged in", logged_in(), welcome, welcome, welcome, welcome},
        {"the token", with_admin_token(), welcome, welcome, welcome, welcome},
        {"from another machine", but(logged_in(), [](shown& s) { s.from_here = false; }), not_here, not_here, not_here,
         not_here},
        {"by another name", but(logged_in(), [](shown& s) { s.local_host = false; }), rebound, rebound, rebound,
         rebound},
        {"wrong tokens", but(somebody_here(), [](shown& s) { s.too_many = true; }), welcome, too_many, too_many,
         too_many},
        {"logged in, and somebody's wrong tokens", but(logged_in(), [](shown& s) { s.too_many = true; }), welcome,
         welcome, welcome, welcome},
        {"service: none", known_to_the_service(role::none), denied, denied, denied, denied},
        {"service: read", known_to_the_service(role::read), welcome, welcome, welcome, may_not},
        {"service: operate", known_to_the_service(role::operate), welcome, welcome, welcome, welcome},
    };
    for (const auto& r : rows) {
        EXPECT_EQ(judge(r.s, page), r.to_page) << r.who;
        EXPECT_EQ(judge(r.s, read), r.to_read) << r.who;
        EXPECT_EQ(judge(r.s, live), r.to_live) << r.who;
        EXPECT_EQ(judge(r.s, operate), r.to_operate) << r.who;
    }
}

struct site_row {
    const char* what;
    asked_by by;
    bool header;
    verdict to_page, to_read, to_live, to_operate;
};

// The cookie comes along whatever a browser sends; where from decides.
TEST(Guard, RefusesWhatAnotherSiteMadeABrowserAsk) {
    const std::vector<site_row> rows{
        {"our page", asked_by::ours, true, welcome, welcome, welcome, welcome},
        {"our page, without its header", asked_by::ours, false, welcome, welcome, welcome, other_site},
        {"typed", asked_by::person, true, welcome, welcome, welcome, other_site},
        {"no browser", asked_by::unknown, true, welcome, welcome, welcome, other_site},
        {"another site", asked_by::others, true, welcome, other_site, other_site, other_site},
        {"another site, without a header", asked_by::others, false, welcome, other_site, other_site, other_site},
    };
    for (const auto& r : rows)
        for (const auto& who : {logged_in(), known_to_the_service(role::operate)}) {
            const auto s = but(who, [&](shown& changed) {
                changed.by = r.by;
                changed.page_header = r.header;
            });
            EXPECT_EQ(judge(s, page), r.to_page) << r.what;
            EXPECT_EQ(judge(s, read), r.to_read) << r.what;
            EXPECT_EQ(judge(s, live), r.to_live) << r.what;
            EXPECT_EQ(judge(s, operate), r.to_operate) << r.what;
        }
}

TEST(Guard, SaysWhatToDo) {
    for (const auto& [v, status] : std::vector<std::pair<verdict, int>>{{not_here, 403},
                                                                        {rebound, 421},
                                                                        {other_site, 403},
                                                                        {stranger, 401},
                                                                        {too_many, 429},
                                                                        {denied, 403},
                                                                        {may_not, 403}})
        EXPECT_EQ(refusal(v).status, status);
    EXPECT_EQ(refusal(too_many).headers.get("Retry-After"), "60");
}

http::request request_with(http::headers headers, std::string from = "127.0.0.1") {
    return http::request::make({.headers = std::move(headers), .remote_address = std::move(from)});
}

TEST(Guard, TakesAProxyOnThisMachineForThoseItSpeaksFor) {
    EXPECT_TRUE(is_from_here(request_with({})));
    EXPECT_TRUE(is_from_here(request_with({}, "127.8.9.1")));
    EXPECT_TRUE(is_from_here(request_with({}, "::1")));
    EXPECT_TRUE(is_from_here(request_with({}, "::ffff:127.0.0.1")));
    EXPECT_FALSE(is_from_here(request_with({}, "10.0.0.7")));
    EXPECT_FALSE(is_from_here(request_with({}, "::ffff:10.0.0.7")));
    EXPECT_FALSE(is_from_here(request_with({}, "2001:db8::1")));
    EXPECT_FALSE(is_from_here(request_with({}, "")));
    EXPECT_FALSE(is_from_here(request_with({{"X-Forwarded-For", "203.0.113.7"}})));
    EXPECT_FALSE(is_from_here(request_with({{"X-Forwarded-For", "127.0.0.1, 203.0.113.7"}})));
    EXPECT_FALSE(is_from_here(request_with({{"X-Forwarded-For", "203.0.113.7, 127.0.0.1"}})));
    EXPECT_FALSE(is_from_here(request_with({{"X-Forwarded-For", ""}})));
    EXPECT_FALSE(is_from_here(request_with({{"X-Forwarded-For", "unknown"}})));
    EXPECT_FALSE(is_from_here(request_with({{"Forwarded", "for=203.0.113.7"}})));
    EXPECT_FALSE(is_from_here(request_with({{"X-Real-IP", "203.0.113.7"}})));
    EXPECT_FALSE(is_from_here(request_with({{"Via", "1.1 proxy"}})));
    EXPECT_TRUE(is_from_here(request_with({{"X-Forwarded-For", "127.0.0.1, ::1"}})));
    EXPECT_TRUE(is_from_here(request_with({{"X-Forwarded-For", "127.0.0.1"}, {"X-Real-IP", "127.0.0.1"}})));
}

TEST(Guard, BelievesNoClientThatSpeaksForItselfThroughAProxy) {
    EXPECT_FALSE(is_from_here(request_with({{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-For", "203.0.113.7"}})));
    EXPECT_FALSE(is_from_here(request_with({{"X-Forwarded-For", "127.0.0.1"}, {"Forwarded", "for=203.0.113.7"}})));
    EXPECT_FALSE(is_from_here(request_with({{"X-Forwarded-For", "127.0.0.1"}, {"X-Real-IP", "203.0.113.7"}})));
    EXPECT_FALSE(is_from_here(request_with({{"X-Real-IP", "127.0.0.1"}})));
}

TEST(Guard, KnowsThisMachinesNames) {
    for (const char* name :
         {"localhost", "LOCALHOST:3000", "shop.localhost", "127.0.0.1", "127.1.2.3:80", "[::1]", "[::1]:3000"})
        EXPECT_TRUE(is_local_name(name)) << name;
    for (const char* name : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
                             "[::2]", "[", "[]", "[::1", "notlocalhost", "0.0.0.0", "127.0.0.1evil"})
        EXPECT_FALSE(is_local_name(name)) << name;
}

TEST(Guard, NamesAnAddressThatItWillAnswerTo) {
    EXPECT_EQ(address_from_here("http://0.0.0.0:3000"), "http://127.0.0.1:3000");
    EXPECT_EQ(address_from_here("https://[::]:3000"), "https://[::1]:3000");
    EXPECT_EQ(address_from_here("http://127.0.0.1:3000"), "http://127.0.0.1:3000");
    EXPECT_EQ(address_from_here("http://192.0.2.7:3000"), "http://192.0.2.7:3000");
}

TEST(Guard, AsksTheBrowserWhosePageItWas) {
    const auto site = [](http::headers h) {
        h.set("Host", "localhost:3000");
        return asking_site(request_with(std::move(h)));
    };
    EXPECT_EQ(site({{"Sec-Fetch-Site", "same-origin"}}), asked_by::ours);
    EXPECT_EQ(site({{"Sec-Fetch-Site", "none"}}), asked_by::person);
    EXPECT_EQ(site({{"Sec-Fetch-Site", "same-site"}}), asked_by::others) << "another port of this host";
    EXPECT_EQ(site({{"Sec-Fetch-Site", "cross-site"}}), asked_by::others);
    EXPECT_EQ(site({{"Sec-Fetch-Site", "of the future"}}), asked_by::others);
    EXPECT_EQ(site({{"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://localhost:3000"}}), asked_by::others);
    EXPECT_EQ(site({{"Origin", "http://localhost:3000"}}), asked_by::ours);
    EXPECT_EQ(site({{"Origin", "http://localhost:3001"}}), asked_by::others);
    EXPECT_EQ(site({{"Origin", "https://localhost:3000"}}), asked_by::others);
    EXPECT_EQ(site({{"Origin", "null"}}), asked_by::others);
    EXPECT_EQ(site({}), asked_by::unknown);
}

TEST(Guard, ComparesNothingWithAnEmptySecret) {
    EXPECT_FALSE(same_secret("", ""));
    EXPECT_FALSE(same_secret("x", ""));
    EXPECT_FALSE(same_secret("secret", "secret2"));
    EXPECT_TRUE(same_secret("secret", "secret"));
    EXPECT_EQ(bearer_of(request_with({{"Authorization", "Bearer abc"}})), "abc");
    EXPECT_EQ(bearer_of(request_with({{"Authorization", "Basic abc"}})), "");
}

} // namespace
} // namespace infra::dashboard
