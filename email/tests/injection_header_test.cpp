// No value becomes a field of a mail's header: line breaks are refused wherever one would carry them.

#include <infra/email.hpp>
#include <infra/email/mime.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>

namespace infra::email {
namespace {

/// Keeps what it is given.
class collector final : public transport {
public:
    std::string_view name() const noexcept override { return "collector"; }
    transport_traits traits() const noexcept override { return {.schedules = true, .has_topics = true}; }
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline) override {
        std::vector<delivery> done;
        for (auto& each : mails) {
            done.push_back({.id = each.id});
            taken.push_back(std::move(each));
        }
        co_return done;
    }

    std::vector<mail> taken;
};

// The sentence of the refusal; empty if the transport got the mail.
std::string refusal_of(message m) {
    const auto to = std::make_shared<collector>();
    const mailer sender({.transport = to, .from = "Shop <shop@example.org>"});
    asio::io_context loop;
    auto sent = asio::co_spawn(loop, sender.send(std::move(m)), asio::use_future);
    loop.run();
    try {
        sent.get();
    } catch (const error& e) {
        EXPECT_TRUE(to->taken.empty());
        return e.what();
    }
    EXPECT_EQ(to->taken.size(), 1U);
    return {};
}

TEST(Injection, RefusesLineBreaksWhereverAHeaderWouldCarryThem) {
    const std::string ann = "ann@example.org";
    EXPECT_EQ(refusal_of({.to = ann, .subject = "s", .body = "b"}), "");
    for (const auto& evil : {std::string("x\r\nBcc: e@evil.example"), std::string("x\ny"), std::string("x\ry"),
                             std::string("x\0y", 3), std::string("x\r\n\r\nbody")}) {
        const std::pair<const char*, message> attempts[] = {
            {"subject", {.to = ann, .subject = evil, .body = "b"}},
            {"subject of content", {.to = ann, .content = rendered_email{.subject = evil, .html = "h", .text = "t"}}},
            {"from", {.from = evil, .to = ann, .subject = "s", .body = "b"}},
            {"from, name", {.from = address::named(evil, ann), .to = ann, .subject = "s", .body = "b"}},
            {"to", {.to = evil, .subject = "s", .body = "b"}},
            {"to, before a good one", {.to = {evil + " <ann@example.org>"}, .subject = "s", .body = "b"}},
            {"to, name", {.to = address::named(evil, ann), .subject = "s", .body = "b"}},
            {"to, email", {.to = address::named("Ann", ann + evil), .subject = "s", .body = "b"}},
            {"cc", {.to = ann, .cc = address::named(evil, ann), .subject = "s", .body = "b"}},
            {"bcc", {.to = ann, .bcc = address::named(evil, ann), .subject = "s", .body = "b"}},
            {"reply_to", {.to = ann, .reply_to = address::named(evil, ann), .subject = "s", .body = "b"}},
            {"filename", {.to = ann, .subject = "s", .body = "b", .attachments = {{.filename = evil}}}},
            {"content_type",
             {.to = ann,
              .subject = "s",
              .body = "b",
              .attachments = {{.filename = "a", .content_type = "text/" + evil}}}},
            {"content_id",
             {.to = ann, .subject = "s", .body = "b", .attachments = {{.filename = "a", .content_id = evil}}}},
            {"header", {.to = ann, .subject = "s", .body = "b", .headers = {{"X-A", evil}}}},
            {"header's name", {.to = ann, .subject = "s", .body = "b", .headers = {{evil, "a"}}}},
            {"List-Unsubscribe",
             {.to = ann, .subject = "s", .body = "b", .headers = {{"List-Unsubscribe", "<" + evil + ">"}}}},
            {"tag", {.to = ann, .subject = "s", .body = "b", .tags = {{"a", evil}}}},
            {"tag's name", {.to = ann, .subject = "s", .body = "b", .tags = {{evil, "a"}}}},
        };
        for (const auto& [where, attempt] : attempts) {
            const auto sentence = refusal_of(attempt);
            EXPECT_NE(sentence, "") << where;
            EXPECT_EQ(sentence.find("evil.example"), std::string::npos) << where << ": " << sentence;
        }
    }
}

TEST(Injection, RefusesASubjectIntoWhichAValueBroughtALineBreak) {
    const auto content =
        render_template(parse_template("---\nsubject: Hi {{v}}\n---\nbody"), {{"v", "x\r\nBcc: e@evil.example"}});
    EXPECT_NE(refusal_of({.to = "ann@example.org", .content = content}), "");
}

TEST(Injection, RefusesHeadersThatTheMailWritesItself) {
    for (const std::string name :
         {"From", "to", "CC", "Bcc", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
          "content-transfer-encoding", "Sender", "Return-Path"})
        EXPECT_NE(refusal_of({.to = "ann@example.org", .subject = "s", .body = "b", .headers = {{name, "x"}}}), "")
            << name;
}

// Not even the composer, which transports call, lets one through that did not pass the mailer.
TEST(Injection, IsRefusedByTheComposerToo) {
    const auto composes = [](const mail& m) {
        try {
            (void)to_mime(m, {.senders_copy = true});
            return true;
        } catch (const error&) {
            return false;
        }
    };
    const mail good{.id = "1", .from = "a@b.org", .to = {"c@d.org"}, .subject = "s", .text = "t"};
    EXPECT_TRUE(composes(good));
    const std::function<void(mail&)> changes[] = {
        [](mail& m) { m.subject = "x\r\nBcc: e@e.org"; },
        [](mail& m) { m.id = "x\r\nBcc: e@e.org"; },
        [](mail& m) { m.from = address::named("x\r\nBcc: e@e.org", "a@b.org"); },
        [](mail& m) { m.from = address::named("", "a@b.org\r\nBcc: e@e.org"); },
        [](mail& m) { m.bcc = {address::named("x\n", "a@b.org")}; },
        [](mail& m) { m.headers = {{"X-A", "x\r\nBcc: e@e.org"}}; },
        [](mail& m) { m.headers = {{"X-A: x\r\nBcc", "e@e.org"}}; },
        [](mail& m) { m.tags = {{"a", "x\r\nBcc: e@e.org"}}; },
        [](mail& m) { m.attachments = {{.filename = "x\r\nBcc: e@e.org"}}; },
        [](mail& m) { m.attachments = {{.filename = "a", .content_type = "text/x\r\nBcc: e@e.org"}}; },
        [](mail& m) { m.attachments = {{.filename = "a", .content_id = "x\r\nBcc: e@e.org"}}; },
    };
    for (const auto& change : changes) {
        auto m = good;
        change(m);
        EXPECT_FALSE(composes(m)) << &change - changes;
    }
}

} // namespace
} // namespace infra::email
