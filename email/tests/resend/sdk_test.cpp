// The same messages, sent by npm's resend: the same requests.

#include "tests/peer.hpp"
#include "tests/resend/mock.hpp"
#include "tests/support.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace infra::email::resend {
namespace {

using namespace std::chrono_literals;

/// Mails of ours, and what one writes for them in Node.
struct pair {
    std::string name{};
    std::vector<mail> ours{};
    std::string theirs{};
};

constexpr std::string_view minimal =
    R"("from":"Shop <shop@example.org>","to":["ann@example.org"],"subject":"Hi","html":"<p>Hi</p>","text":"Hi")";

std::string minimal_and(const std::string& more) {
    return "[{" + std::string(minimal) + (more.empty() ? "" : ",") + more + "}]";
}

template <class F>
mail changed(F change) {
    auto m = make_mail();
    change(m);
    return m;
}

std::vector<pair> pairs() {
    std::vector<pair> all;
    all.push_back({"minimal", {make_mail()}, minimal_and("")});
    all.push_back(
        {"html alone",
         {changed([](mail& m) { m.text.clear(); })},
         R"([{"from":"Shop <shop@example.org>","to":["ann@example.org"],"subject":"Hi","html":"<p>Hi</p>"}])"});
    all.push_back(
        {"names",
         {changed([](mail& m) {
             m.from = address::named("Lee \"the boss\", Ann", "ann@example.org");
             m.to = {address::named("J\xc3\xb6rg \xf0\x9f\x98\x80", "j@example.org"), "bo@example.org"};
             m.subject = "Gr\xc3\xbc\xc3\x9f"
                         "e \"q\" \\ / \x7f \xe2\x80\xa8";
         })},
         R"([{"from":"\"Lee \\\"the boss\\\", Ann\" <ann@example.org>","to":["Jörg 😀 <j@example.org>","bo@example.org"],)"
         R"("subject":"Grüße \"q\" \\ / \u007f \u2028","html":"<p>Hi</p>","text":"Hi"}])"});
    all.push_back({"lists",
                   {changed([](mail& m) {
                       m.cc = {"Bo <bo@example.org>", "cy@example.org"};
                       m.bcc = {"di@example.org"};
                       m.reply_to = {"help@example.org", "Desk <desk@example.org>"};
                   })},
                   minimal_and(R"("cc":["Bo <bo@example.org>","cy@example.org"],"bcc":["di@example.org"],)"
                               R"("replyTo":["help@example.org","Desk <desk@example.org>"])")});
    all.push_back({"headers and tags",
                   {changed([](mail& m) {
                       m.headers = {{"List-Unsubscribe", "<https://shop.example/u?t=1>"},
                                    {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"},
                                    {"X-Entity-Ref-ID", "7"}};
                       m.tags = {{"campaign", "spring"}, {"kind", "news_1"}};
                   })},
                   minimal_and(R"("headers":{"List-Unsubscribe":"<https://shop.example/u?t=1>",)"
                               R"("List-Unsubscribe-Post":"List-Unsubscribe=One-Click","X-Entity-Ref-ID":"7"},)"
                               R"("tags":[{"name":"campaign","value":"spring"},{"name":"kind","value":"news_1"}])")});
    all.push_back(
        {"attachments",
         {changed([](mail& m) {
             m.attachments = {
                 {.filename = "r\xc3\xa9sum\xc3\xa9.pdf",
                  .content = std::string("%PDF\0\xff\xfe", 7),
                  .content_type = "application/pdf"},
                 {.filename = "logo.png", .content = "PNG", .content_type = "image/png", .content_id = "logo"},
                 {.filename = "empty.txt"}};
         })},
         minimal_and(
             R"("attachments":[{"content":"JVBERgD//g==","filename":"résumé.pdf","contentType":"application/pdf"},)"
             R"({"content":"UE5H","filename":"logo.png","contentType":"image/png","contentId":"logo"},)"
             R"({"content":"","filename":"empty.txt"}])")});
    all.push_back({"later",
                   {changed([](mail& m) { m.scheduled_at = m.date + 36h; })},
                   minimal_and(R"("scheduledAt":"2026-01-02T12:00:00.000Z")")});
    all.push_back(
        {"topic", {changed([](mail& m) { m.topic_id = "b6d24b8e"; })}, minimal_and(R"("topicId":"b6d24b8e")")});
    mail hosted{.id = "0190-hosted", .from = "shop@example.org", .to = {"ann@example.org"}};
    hosted.hosted = hosted_template{.id = "welcome", .variables = {{"name", "Ann"}, {"count", 3}, {"ratio", 0.5}}};
    all.push_back({"template",
                   {hosted},
                   R"([{"from":"shop@example.org","to":["ann@example.org"],)"
                   R"("template":{"id":"welcome","variables":{"name":"Ann","count":3,"ratio":0.5}}}])"});
    all.push_back({"own key", {changed([](mail& m) { m.idempotency_key = "order/7 paid"; })}, minimal_and("")});
    auto second = changed([](mail& m) { m.tags = {{"a", "b"}}, m.scheduled_at = m.date + 1min; });
    second.id = "0190-second";
    all.push_back({"batch",
                   {make_mail(), second},
                   "[{" + std::string(minimal) + "},{" + std::string(minimal) +
                       R"(,"tags":[{"name":"a","value":"b"}],"scheduledAt":"2026-01-01T00:01:00.000Z"}])"});
    return all;
}

std::vector<mock::seen> sent_by_us(const std::vector<pair>& all) {
    test_loop loop;
    mock api(loop.get_executor());
    auto options = api.options(loop);
    options.user_agent = "shop/1";
    const auto to = make_resend_transport(options);
    for (const auto& each : all)
        loop.get(to->deliver(each.ours, deadline::after(30s)));
    return api.requests;
}

json::value sent_by_them(const std::vector<pair>& all, const std::vector<mock::seen>& ours) {
    json::array asked;
    for (std::size_t i = 0; i < all.size(); ++i)
        asked.push_back({{"messages", json::parse(all[i].theirs).value()},
                         {"batch", all[i].ours.size() > 1},
                         {"options", {{"idempotencyKey", ours[i].key}, {"batchValidation", "permissive"}}}});
    const temporary_folder folder;
    folder.write("asked.json", json::to_text(asked));
    ::setenv("RESEND_API_KEY", "re_test", 1);
    ::setenv("RESEND_USER_AGENT", "shop/1", 1);
    return peer::output_of("resend.mjs", "'" + (folder / "asked.json").string() + "'");
}

std::vector<std::string> keys_of(const json::value& from) {
    std::vector<std::string> keys;
    for (const auto& each : from.as_object())
        keys.emplace_back(each.key());
    return keys;
}

TEST(ResendSdk, AsksTheSameOfTheApi) {
    if (const auto why = peer::missing("resend"); !why.empty())
        GTEST_SKIP() << why;
    const auto all = pairs();
    const auto ours = sent_by_us(all);
    ASSERT_EQ(ours.size(), all.size());
    const auto theirs = sent_by_them(all, ours);
    ASSERT_EQ(theirs.as_array().size(), all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        SCOPED_TRACE(all[i].name);
        const auto& request = theirs.at(i);
        EXPECT_EQ(request.at("method"), "POST");
        EXPECT_TRUE(ours[i].raw.starts_with("POST "));
        EXPECT_EQ(request.at("path"), ours[i].path.c_str());
        EXPECT_EQ(request.at("body"), ours[i].body);
        for (const char* name :
             {"authorization", "content-type", "idempotency-key", "x-batch-validation", "user-agent"}) {
            const auto* const field = request.at("headers").as_object().if_contains(name);
            const auto mine = name == std::string_view("user-agent") ? http::field_of(ours[i].raw, "User-Agent")
                                                                     : http::field_of(ours[i].raw, name);
            EXPECT_EQ(field ? std::string(field->as_string()) : std::string(), mine) << name;
        }
        if (!ours[i].body.is_array()) // a matter of taste, but theirs is easily met
            EXPECT_EQ(keys_of(request.at("body")), keys_of(ours[i].body));
    }
}

} // namespace
} // namespace infra::email::resend
