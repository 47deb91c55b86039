#include "src/later/message_record.hpp"

#include "tests/support.hpp"

#include <infra/queue/error.hpp>

#include <gtest/gtest.h>

#include <random>

namespace infra::email {
namespace {

message read(const std::string& text) { return message_of(json::parse<message_record>(text).value()); }
message there_and_back(const message& m) { return read(json::to_text(record_of(m))); }

void expect_same(const address_list& a, const address_list& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        EXPECT_EQ(a[i], b[i]);
}

void expect_same(const std::optional<rendered_email>& a, const std::optional<rendered_email>& b) {
    ASSERT_EQ(a.has_value(), b.has_value());
    if (!a)
        return;
    EXPECT_EQ(a->subject, b->subject);
    EXPECT_EQ(a->preheader, b->preheader);
    EXPECT_EQ(a->html, b->html);
    EXPECT_EQ(a->text, b->text);
    EXPECT_EQ(a->from, b->from);
}

void expect_same(const attachment& a, const attachment& b) {
    EXPECT_EQ(a.filename, b.filename);
    EXPECT_EQ(a.content, b.content);
    EXPECT_EQ(a.content_type, b.content_type);
    EXPECT_EQ(a.content_id, b.content_id);
    EXPECT_EQ(a.file, b.file);
    EXPECT_EQ(a.stored, b.stored);
}

// All but scheduled_at, which is the job's.
void expect_same(const message& a, const message& b) {
    EXPECT_EQ(a.from, b.from);
    expect_same(a.to, b.to);
    expect_same(a.cc, b.cc);
    expect_same(a.bcc, b.bcc);
    expect_same(a.reply_to, b.reply_to);
    EXPECT_EQ(a.subject, b.subject);
    EXPECT_EQ(a.body, b.body);
    EXPECT_EQ(a.template_name, b.template_name);
    EXPECT_EQ(a.data, b.data);
    EXPECT_EQ(a.locale, b.locale);
    expect_same(a.content, b.content);
    ASSERT_EQ(a.hosted.has_value(), b.hosted.has_value());
    if (a.hosted) {
        EXPECT_EQ(a.hosted->id, b.hosted->id);
        EXPECT_EQ(a.hosted->variables, b.hosted->variables);
    }
    ASSERT_EQ(a.attachments.size(), b.attachments.size());
    for (std::size_t i = 0; i < a.attachments.size(); ++i)
        expect_same(a.attachments[i], b.attachments[i]);
    EXPECT_EQ(a.headers, b.headers);
    ASSERT_EQ(a.unsubscribe.has_value(), b.unsubscribe.has_value());
    if (a.unsubscribe) {
        EXPECT_EQ(a.unsubscribe->url, b.unsubscribe->url);
        EXPECT_EQ(a.unsubscribe->address, b.unsubscribe->address);
    }
    EXPECT_EQ(a.tags, b.tags);
    EXPECT_EQ(a.topic_id, b.topic_id);
    EXPECT_EQ(a.idempotency_key, b.idempotency_key);
}

/// Messages by lot: each field there or not, of any text.
class lot {
public:
    explicit lot(unsigned seed) : random_(seed) {}

    message any() {
        message m{.to = list(1),
                  .cc = list(0),
                  .bcc = list(0),
                  .reply_to = list(0),
                  .subject = text(),
                  .body = text(),
                  .template_name = text(),
                  .data = object(3),
                  .locale = text(),
                  .headers = words(),
                  .tags = words(),
                  .topic_id = text(),
                  .idempotency_key = text()};
        if (chance())
            m.from = one();
        if (chance())
            m.content = rendered_email{
                .subject = text(), .preheader = text(), .html = text(), .text = text(), .from = std::optional(one())};
        if (chance())
            m.hosted = hosted_template{.id = text(), .variables = object(1)};
        if (chance())
            m.unsubscribe = unsubscribe{.url = text(), .address = text()};
        while (chance())
            m.attachments.push_back({.filename = text(),
                                     .content = bytes(),
                                     .content_type = text(),
                                     .content_id = text(),
                                     .file = text(),
                                     .stored = text()});
        return m;
    }

private:
    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    bool chance() { return below(2) == 1; }
    std::string text() {
        static constexpr std::string_view parts[] = {"a",  "Z", "9", " ",  "\"", "\\",    "\n",  "\r",
                                                     "\t", "<", "ü", "世", "🎉", "{{x}}", "\x7f"};
        std::string made;
        for (auto n = chance() ? below(20) : 0; n > 0; --n)
            made += parts[below(std::size(parts))];
        if (chance() && chance())
            made += '\0';
        return made;
    }
    std::string bytes() {
        std::string made(below(50), '\0');
        for (auto& c : made)
            c = static_cast<char>(below(256));
        return made;
    }
    address one() { return address::named(text(), text()); }
    address_list list(std::size_t at_least) {
        std::vector<address> made;
        while (made.size() < at_least || chance())
            made.push_back(one());
        return made;
    }
    std::map<std::string, std::string> words() {
        std::map<std::string, std::string> made;
        while (chance())
            made[text()] = text();
        return made;
    }
    json::value value(int depth) {
        switch (below(depth > 0 ? 7 : 5)) {
        case 0: return nullptr;
        case 1: return chance();
        case 2: return static_cast<std::int64_t>(random_()) - 1'000'000;
        case 3: return 0.1 * static_cast<double>(1 + below(1000)) + 0.05;
        case 4: return json::value(text());
        case 5: return json::array{value(depth - 1), value(depth - 1)};
        default: return object(depth - 1);
        }
    }
    json::object object(int depth) {
        json::object made;
        while (chance())
            made[text()] = value(depth);
        return made;
    }

    std::mt19937 random_;
};

TEST(MessageRecord, KeepsEveryFieldOfAnyMessage) {
    lot random(7);
    for (int i = 0; i < 2000 && !::testing::Test::HasFailure(); ++i) {
        const auto m = random.any();
        expect_same(m, there_and_back(m));
    }
}

TEST(MessageRecord, LeavesOutWhatIsEmpty) {
    EXPECT_EQ(json::to_text(record_of({.to = "ann@example.org", .body = "Hi"})),
              R"({"version":1,"to":[{"email":"ann@example.org"}],"body":"Hi"})");
}

TEST(MessageRecord, DoesNotHoldTheTimeToSend) {
    EXPECT_EQ(json::to_text(record_of({.to = "ann@example.org", .body = "Hi", .scheduled_at = from_unix_ms(5)})),
              json::to_text(record_of({.to = "ann@example.org", .body = "Hi"})));
}

TEST(MessageRecord, IsReadWhereOthersHaveAddedToIt) {
    const auto m = read(R"({"version":1,"to":[{"email":"a@x.org","group":7}],"body":"Hi","colour":"red"})");
    EXPECT_EQ(m.to[0].email(), "a@x.org");
    EXPECT_EQ(m.body, "Hi");
}

TEST(MessageRecord, IsRefusedWhereAFieldIsOfAnotherKind) {
    const std::pair<const char*, const char*> table[] = {
        {R"({"to":[]})", "/version"},
        {R"({"version":1})", "/to"},
        {R"({"version":1,"to":"a@x.org"})", "/to"},
        {R"({"version":1,"to":[{"name":"A"}]})", "/to/0/email"},
        {R"({"version":1,"to":[],"subject":7})", "/subject"},
        {R"({"version":1,"to":[],"data":[]})", "/data"},
        {R"({"version":1,"to":[],"attachments":[{"content":1}]})", "/attachments/0/content"},
        {R"({"version":1,"to":[],"headers":{"A":1}})", "/headers/A"},
    };
    for (const auto& [text, path] : table) {
        const auto read = json::parse<message_record>(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().path, path) << text;
    }
}

TEST(MessageRecord, SaysWhatItCannotUse) {
    const auto bytes = failure_of([] { read(R"({"version":1,"to":[],"attachments":[{"content":"no base64!"}]})"); });
    EXPECT_EQ(bytes.code, queue::errc::invalid_payload);
    EXPECT_EQ(bytes.sentence.find("no base64!"), std::string::npos);
    const auto newer = failure_of([] { read(R"({"version":2,"to":[]})"); });
    EXPECT_EQ(newer.code, queue::errc::incompatible);
    EXPECT_NE(newer.sentence.find("update the worker"), std::string::npos);
}

} // namespace
} // namespace infra::email
