#include "src/resend/request.hpp"

#include "tests/resend/mock.hpp"

#include <gtest/gtest.h>

namespace infra::email::resend {
namespace {

using namespace std::chrono_literals;

mail with_key(mail m, std::string key) {
    m.idempotency_key = std::move(key);
    return m;
}

mail with_file(mail m) {
    m.attachments = {{.filename = "a.txt", .content = "a"}};
    return m;
}

// --- Addresses --------------------------------------------------------------------------------------------------

TEST(ResendAddress, IsQuotedWhereANameWouldBeReadAsMore) {
    const std::pair<std::string, std::string> table[] = {
        {"", "ann@example.org"},
        {"Ann Lee", "Ann Lee <ann@example.org>"},
        {"Ann O'Neil-Lee", "Ann O'Neil-Lee <ann@example.org>"},
        {"J\xc3\xb6rg \xe6\x97\xa5\xe6\x9c\xac", "J\xc3\xb6rg \xe6\x97\xa5\xe6\x9c\xac <ann@example.org>"},
        {"Lee, Ann", "\"Lee, Ann\" <ann@example.org>"},
        {"Dr. Lee", "\"Dr. Lee\" <ann@example.org>"},
        {"evil@example.com>, <x", "\"evil@example.com>, <x\" <ann@example.org>"},
        {"the \"boss\" \\", "\"the \\\"boss\\\" \\\\\" <ann@example.org>"},
        {" Ann", "\" Ann\" <ann@example.org>"},
        {"Ann ", "\"Ann \" <ann@example.org>"},
        {"a:b;", "\"a:b;\" <ann@example.org>"},
        {"(Ann)", "\"(Ann)\" <ann@example.org>"},
        {"=?utf-8?q?Boss?=", "\"=?utf-8?q?Boss?=\" <ann@example.org>"},
        {"a = b ?", "a = b ? <ann@example.org>"},
        {"\u202ennA", "\u202ennA\u202c <ann@example.org>"},
        {"\u2066Ann, B", "\"\u2066Ann, B\u2069\" <ann@example.org>"},
    };
    for (const auto& [name, text] : table)
        EXPECT_EQ(to_text(address::named(name, "ann@example.org")), text);
}

TEST(ResendAddress, ReadsBackAsItWas) {
    for (const char* name : {"Ann Lee", "Lee, Ann", "a\"b\\c", "x@y.org", "<a>", "\xc3\xa9", "a.b", "[x]", "a;b:c"}) {
        const auto who = address::named(name, "ann@example.org");
        EXPECT_EQ(address(to_text(who)), who) << name;
    }
}

// --- Bodies -----------------------------------------------------------------------------------------------------

TEST(ResendRequest, LeavesOutWhatAMailDoesNotHave) {
    mail m = make_mail();
    m.html.clear();
    EXPECT_EQ(json::to_text(to_json(m)),
              R"({"from":"Shop <shop@example.org>","subject":"Hi","text":"Hi","to":["ann@example.org"]})");
}

TEST(ResendRequest, HasEveryFieldInTheOrderOfTheApisOwnClients) {
    mail m = make_mail();
    m.cc = {"Bo <bo@example.org>"};
    m.bcc = {"cy@example.org", "di@example.org"};
    m.reply_to = {"help@example.org"};
    m.headers = {{"List-Unsubscribe", "<https://example.org/u>"}};
    m.tags = {{"campaign", "spring"}, {"kind", "news"}};
    m.attachments = {
        {.filename = "a.png", .content = std::string("\0\xff", 2), .content_type = "image/png", .content_id = "logo"},
        {.filename = "b.txt", .content = "b"}};
    m.topic_id = "topic-1";
    m.scheduled_at = m.date + 90s;
    EXPECT_EQ(
        json::to_text(to_json(m)),
        R"({"attachments":[{"content":"AP8=","filename":"a.png","content_type":"image/png","content_id":"logo"},)"
        R"({"content":"Yg==","filename":"b.txt"}],"bcc":["cy@example.org","di@example.org"],)"
        R"("cc":["Bo <bo@example.org>"],"from":"Shop <shop@example.org>",)"
        R"("headers":{"List-Unsubscribe":"<https://example.org/u>"},"html":"<p>Hi</p>","reply_to":["help@example.org"],)"
        R"("scheduled_at":"2026-01-01T00:01:30.000Z","subject":"Hi",)"
        R"("tags":[{"name":"campaign","value":"spring"},{"name":"kind","value":"news"}],"text":"Hi",)"
        R"("to":["ann@example.org"],"topic_id":"topic-1"})");
}

TEST(ResendRequest, NamesAHostedTemplateInsteadOfWords) {
    mail m{.from = "shop@example.org", .to = {"ann@example.org"}};
    m.hosted = hosted_template{.id = "welcome", .variables = {{"name", "Ann"}, {"count", 3}}};
    EXPECT_EQ(json::to_text(to_json(m)), R"({"from":"shop@example.org","to":["ann@example.org"],)"
                                         R"("template":{"id":"welcome","variables":{"name":"Ann","count":3}}})");
    m.hosted->variables.clear();
    EXPECT_EQ(json::to_text(to_json(m).at("template")), R"({"id":"welcome"})");
}

// Judged by the mail's own time, so that it says the same when it is tried again after that.
TEST(ResendRequest, DoesNotScheduleWhatHasPassedWhenTheMailWasMade) {
    mail m = make_mail();
    for (const auto passed : {m.date, m.date - 1s}) {
        m.scheduled_at = passed;
        EXPECT_FALSE(to_json(m).contains("scheduled_at"));
    }
    m.scheduled_at = m.date + 1ms;
    EXPECT_EQ(to_json(m).at("scheduled_at"), "2026-01-01T00:00:00.001Z");
}

TEST(ResendRequest, IsValidJsonWhateverBytesAMailHas) {
    mail m = make_mail("\xff\x01\"");
    m.text = "\xc3(";
    EXPECT_TRUE(json::parse(json::to_text(to_json(m))));
}

// --- Groups -----------------------------------------------------------------------------------------------------

TEST(ResendGroups, PutTogetherWhatMayGoTogether) {
    const std::vector<mail> mails{make_mail("a"), with_file(make_mail("b")), make_mail("c"),
                                  with_key(make_mail("d"), "k"), make_mail("e")};
    EXPECT_EQ(grouped(mails), (std::vector<group>{{0, 2, 4}, {1}, {3}}));
    EXPECT_EQ(grouped(std::span(mails).first(2)), (std::vector<group>{{0}, {1}}));
    EXPECT_TRUE(grouped({}).empty());
}

TEST(ResendGroups, SendLongMailAlone) {
    auto book = make_mail("book");
    book.html.assign(200'000, 'x');
    const std::vector<mail> mails{book, make_mail("a"), make_mail("b")};
    EXPECT_EQ(grouped(mails), (std::vector<group>{{0}, {1, 2}}));
}

TEST(ResendGroups, HoldEveryMailOnce) {
    std::vector<mail> mails;
    for (int i = 0; i < 100; ++i)
        mails.push_back(i % 7 == 0 ? with_file(make_mail(std::to_string(i))) : make_mail(std::to_string(i)));
    std::vector<int> seen(mails.size());
    for (const auto& g : grouped(mails))
        for (const auto i : g)
            ++seen[i];
    EXPECT_EQ(seen, std::vector<int>(mails.size(), 1));
}

// Whatever else has been sent meanwhile, what is left of a slice makes the same batch.
TEST(ResendGroups, AreTheSameBatchWhenOthersOfTheSliceAreDone) {
    const std::vector<mail> all{with_file(make_mail("f")), make_mail("a"), with_key(make_mail("k"), "1"),
                                make_mail("b")};
    const std::vector<mail> left{make_mail("a"), with_key(make_mail("k"), "1"), make_mail("b")};
    const auto before = request_for(all, grouped(all)[1]), after = request_for(left, grouped(left)[0]);
    ASSERT_TRUE(before.is_batch);
    EXPECT_EQ(before.idempotency_key, after.idempotency_key);
    EXPECT_EQ(before.body, after.body);
}

TEST(ResendRequest, GoesToThePathOfOneOrOfMany) {
    const std::vector<mail> mails{make_mail("a"), make_mail("b")};
    const auto one = request_for(mails, {1}), both = request_for(mails, {0, 1});
    EXPECT_EQ(one.path, "/emails");
    EXPECT_EQ(one.body, json::to_text(to_json(mails[1])));
    EXPECT_EQ(both.path, "/emails/batch");
    EXPECT_EQ(both.body, "[" + json::to_text(to_json(mails[0])) + "," + json::to_text(to_json(mails[1])) + "]");
}

// --- Keys -------------------------------------------------------------------------------------------------------

TEST(ResendKey, IsTheMailsOwnOrItsId) {
    EXPECT_EQ(idempotency_key_of(make_mail("a")), "0190-a");
    EXPECT_EQ(idempotency_key_of(with_key(make_mail("a"), "order/7 paid")), "order/7 paid");
    EXPECT_EQ(idempotency_key_of(with_key(make_mail("a"), std::string(256, 'k'))), std::string(256, 'k'));
}

TEST(ResendKey, IsHashedWhereAHeaderCannotCarryIt) {
    for (const auto& key : {std::string(257, 'k'), std::string("a\r\nx: y"), std::string("\xc3\xa9"), std::string(" a"),
                            std::string("a "), std::string("\t"), std::string("a\0b", 3)}) {
        const auto used = idempotency_key_of(with_key(make_mail("a"), key));
        EXPECT_EQ(used.size(), 70u) << used; // infra- and 64 digits
        EXPECT_TRUE(used.starts_with("infra-"));
        EXPECT_EQ(used, idempotency_key_of(with_key(make_mail("b"), key)));
    }
}

TEST(ResendKey, OfABatchIsThatOfItsMailsInTheirOrder) {
    const std::vector<mail> mails{make_mail("a"), make_mail("b"), make_mail("c")};
    const auto key = [&](const group& of) { return request_for(mails, of).idempotency_key; };
    EXPECT_EQ(key({0, 1}), key({0, 1}));
    EXPECT_NE(key({0, 1}), key({1, 0}));
    EXPECT_NE(key({0, 1}), key({0, 1, 2}));
    EXPECT_LE(key({0, 1}).size(), 256u);
    const auto one = make_mail("x"), two = make_mail("1:x");
    const std::vector<mail> glued{one, two}, other{two, one};
    EXPECT_NE(request_for(glued, {0, 1}).idempotency_key, request_for(other, {0, 1}).idempotency_key);
}

} // namespace
} // namespace infra::email::resend
