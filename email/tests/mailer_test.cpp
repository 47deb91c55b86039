#include <infra/email.hpp>

#include "src/default_mailer.hpp"

#include "tests/support.hpp"

#include <infra/testing/captured_mail.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

/// A transport that never ends.
class stuck_transport final : public transport {
public:
    std::string_view name() const noexcept override { return "stuck"; }
    transport_traits traits() const noexcept override { return {}; }
    awaitable<std::vector<delivery>> deliver(std::vector<mail>, deadline) override {
        co_await real_clock().sleep_until(steady_time::max());
        co_return std::vector<delivery>{};
    }
};

struct MailerTest : ::testing::Test {
    temporary_folder folder;
    manual_clock time;
    std::shared_ptr<testing::captured_mail> sent = std::make_shared<testing::captured_mail>();
    mailer_options options{.transport = sent, .from = "Shop <shop@x.org>", .templates = folder.string(), .time = &time};

    send_error refusal(message m) const {
        try {
            run(mailer(options).send(std::move(m)));
        } catch (const send_error& e) {
            return e;
        }
        ADD_FAILURE() << "it was sent";
        return {{}, ""};
    }

    mail only() const {
        const auto all = sent->sent();
        EXPECT_EQ(all.size(), 1u);
        return all.at(0);
    }
};

TEST_F(MailerTest, SendsABody) {
    const auto id = run(mailer(options).send({.to = "ann@example.org", .subject = "Hi", .body = "**Hello** {{name}}"}));
    const auto m = only();
    EXPECT_EQ(id, m.id);
    EXPECT_EQ(m.date, time.wall());
    EXPECT_EQ(m.from, address("Shop <shop@x.org>"));
    EXPECT_EQ(m.subject, "Hi");
    EXPECT_EQ(m.text, "Hello {{name}}\n");
    EXPECT_NE(m.html.find("<strong>Hello</strong>"), std::string::npos);
}

TEST_F(MailerTest, SendsATemplate) {
    folder.write("welcome.md", "---\nsubject: Hi {{name}}\nfrom: other@x.org\n---\nDear {{name}}");
    folder.write("pt/welcome.md", "---\nsubject: Oi {{name}}\n---\nCaro {{name}}");
    run(mailer(options).send({.to = "a@x.org", .template_name = "welcome", .data = {{"name", "Ann"}}}));
    EXPECT_EQ(only().subject, "Hi Ann");
    EXPECT_EQ(only().from.email(), "other@x.org");
    sent->clear();
    run(mailer(options).send(
        {.to = "a@x.org", .template_name = "welcome", .data = {{"name", "Ann"}}, .locale = "pt-BR"}));
    EXPECT_EQ(only().text, "Caro Ann\n");
}

TEST_F(MailerTest, SendsWhatWasRenderedAsItIs) {
    folder.write("welcome.md", "---\nsubject: Hi {{name}}\n---\n*{{name}}*");
    const mailer m(options);
    const auto r = render_template(run(m.load_template("welcome")), {{"name", "{{x}} **y**"}});
    run(m.send({.to = "a@x.org", .content = r}));
    EXPECT_EQ(only().html, r.html);
    EXPECT_EQ(only().text, "{{x}} **y**\n");
}

TEST_F(MailerTest, IsStrictWhenTold) {
    folder.write("w.md", "{{a}} {{b}}");
    options.strict = true;
    const auto [code, sentence] =
        failure_of([&] { run(mailer(options).send({.to = "a@x.org", .template_name = "w"})); });
    EXPECT_EQ(code, errc::missing_variable);
    EXPECT_EQ(sentence, "the template w: no value for a, b");
}

TEST_F(MailerTest, ReturnsTheFirstIdForAKey) {
    const mailer m(options);
    const auto first = run(m.send({.to = "a@x.org", .body = "B", .idempotency_key = "k"}));
    EXPECT_EQ(run(m.send({.to = "a@x.org", .body = "B", .idempotency_key = "k"})), first);
    EXPECT_EQ(sent->sent().size(), 1u);
}

TEST_F(MailerTest, NamesEmailFromWhenNobodySends) {
    options.from.reset();
    const auto [code, sentence] = failure_of([&] { run(mailer(options).send({.to = "a@x.org", .body = "B"})); });
    EXPECT_EQ(code, errc::no_sender);
    EXPECT_NE(sentence.find("EMAIL_FROM"), std::string::npos);
}

TEST_F(MailerTest, PassesOnWhatTheTransportSays) {
    options.attempts = 1;
    sent->fail_next(
        {infra::errc::unavailable, "no answer", {.name = "rate_limit_exceeded", .status = 429, .retryable = true}});
    const auto e = refusal({.to = "a@x.org", .body = "B"});
    EXPECT_EQ(e.code(), infra::errc::unavailable);
    EXPECT_STREQ(e.what(), "no answer");
    EXPECT_EQ(e.name(), "rate_limit_exceeded");
    EXPECT_EQ(e.status(), 429);
    EXPECT_TRUE(e.retryable());
}

TEST_F(MailerTest, SaysOfEveryFailureWhetherTryingAgainMayHelp) {
    struct expectation {
        message m;
        std::string name;
        bool retryable;
    };
    folder.write("broken.md", "{{a");
    const expectation table[] = {
        {{.to = "nobody", .body = "B"}, "bad_address", false},
        {{.to = "a@x.org", .template_name = "none"}, "no_template", false},
        {{.to = "a@x.org", .template_name = "broken"}, "bad_template", false},
        {{.to = "a@x.org", .template_name = "../up"}, "invalid_input", false},
        {{.to = "a@x.org", .subject = "a\nb", .body = "B"}, "bad_header", false},
    };
    for (const auto& [m, name, retryable] : table) {
        const auto e = refusal(m);
        EXPECT_EQ(e.name(), name);
        EXPECT_EQ(e.status(), 0) << name;
        EXPECT_EQ(e.retryable(), retryable) << name;
    }
    options.transport = make_outbox_transport({.directory = (folder / "broken.md").string() + "/x"});
    EXPECT_EQ(refusal({.to = "a@x.org", .body = "B"}).name(), "io");
    EXPECT_TRUE(refusal({.to = "a@x.org", .body = "B"}).retryable());
}

TEST_F(MailerTest, GivesUpAfterItsTimeout) {
    options.transport = std::make_shared<stuck_transport>();
    options.time = &real_clock();
    options.timeout = 20ms;
    EXPECT_EQ(failure_of([&] { run(mailer(options).send({.to = "a@x.org", .body = "B"})); }).code,
              infra::errc::timed_out);
}

TEST_F(MailerTest, RefusesBadOptions) {
    const auto refuses = [&](auto change, const std::string& sentence) {
        auto o = options;
        change(o);
        try {
            mailer m(o);
            ADD_FAILURE() << "accepted: " << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(e.what(), "email::mailer_options::" + sentence);
        }
    };
    refuses([](auto& o) { o.timeout = 0ms; }, "timeout must be greater than zero");
    refuses([](auto& o) { o.attempt_timeout = 0ms; }, "attempt_timeout must be greater than zero");
    refuses([](auto& o) { o.attempts = 0; }, "attempts must be from 1 to 100");
    refuses([](auto& o) { o.attempts = 101; }, "attempts must be from 1 to 100");
    refuses([](auto& o) { o.pause.jitter = 2; }, "pause.jitter must be between 0 and 1");
    refuses([](auto& o) { o.before = {nullptr}; }, "before must hold functions");
    refuses([](auto& o) { o.after = {nullptr}; }, "after must hold functions");
    refuses([](auto& o) { o.templates = ""; }, "templates must name a directory");
    refuses([](auto& o) { o.from = "a@x.org, Shop <shop@x.org>"; }, "from must be an email address");
    refuses([](auto& o) { o.time = nullptr; }, "time must be a clock");
    refuses([](auto& o) { o.url = "outbox:x"; }, "transport and url: at most one may be set");
}

TEST_F(MailerTest, RefusesAMessageWithoutRecipient) {
    EXPECT_THROW(run(mailer(options).send({.body = "B"})), std::invalid_argument);
}

// --- The environment and the free functions ---------------------------------------------------------------------

TEST(MailerOptions, ComeFromTheEnvironment) {
    const auto none = options_from(environment());
    EXPECT_EQ(none.url, "");
    EXPECT_EQ(none.from, std::nullopt);
    const auto set = options_from(environment({{"EMAIL_URL", "outbox:/tmp/x"}, {"EMAIL_FROM", "Shop <s@x.org>"}}));
    EXPECT_EQ(set.url, "outbox:/tmp/x");
    EXPECT_EQ(set.from->email(), "s@x.org");
}

TEST(MailerOptions, NameTheVariableThatIsWrong) {
    const auto url = failure_of([] { options_from(environment({{"EMAIL_URL", "smtp://u:s3cret@host"}})); });
    EXPECT_EQ(url.code, infra::errc::misconfigured);
    EXPECT_TRUE(url.sentence.starts_with("EMAIL_URL: ")) << url.sentence;
    EXPECT_EQ(url.sentence.find("s3cret"), std::string::npos) << url.sentence;
    for (const auto* bad : {"outbox:", "var/outbox", "nothing"})
        EXPECT_EQ(failure_of([&] { options_from(environment({{"EMAIL_URL", bad}})); }).code, infra::errc::misconfigured)
            << bad;
    const auto from = failure_of([] { options_from(environment({{"EMAIL_FROM", "Shop"}})); });
    EXPECT_EQ(from.code, infra::errc::misconfigured);
    EXPECT_TRUE(from.sentence.starts_with("EMAIL_FROM: "));
}

TEST(MailerOptions, DoNotTurnAKeyForResendIntoAFolderOfMail) {
    const auto key = failure_of([] { options_from(environment({{"RESEND_API_KEY", "re_s3cret"}})); });
    EXPECT_EQ(key.code, infra::errc::misconfigured);
    EXPECT_TRUE(key.sentence.starts_with("RESEND_API_KEY: ")) << key.sentence;
    EXPECT_EQ(key.sentence.find("s3cret"), std::string::npos);
    EXPECT_EQ(options_from(environment({{"RESEND_API_KEY", "k"}, {"EMAIL_URL", "outbox:/tmp/x"}})).url,
              "outbox:/tmp/x");
}

TEST(MailerOptions, ChooseResendByItsKeyWhereItIsLinked) {
    EXPECT_EQ(url_of(environment({{"RESEND_API_KEY", "k"}}), true), "resend:");
    EXPECT_EQ(url_of(environment({{"RESEND_API_KEY", "k"}, {"EMAIL_URL", "log:"}}), true), "log:");
    EXPECT_EQ(url_of(environment({{"RESEND_API_KEY", ""}}), true), "");
    EXPECT_EQ(url_of(environment(), true), "");
}

TEST_F(MailerTest, RefusesABodyThatWouldTakeLongToRead) {
    options.max_body_bytes = 10;
    const auto refused =
        failure_of([&] { run(mailer(options).send({.to = "a@x.org", .subject = "s", .body = std::string(11, 'x')})); });
    EXPECT_EQ(refused.code, errc::too_large);
    run(mailer(options).send({.to = "a@x.org", .subject = "s", .body = std::string(10, 'x')}));
    EXPECT_EQ(only().text, "xxxxxxxxxx\n");
}

TEST(DefaultMailer, IsTheOneThatWasSet) {
    const temporary_folder folder;
    folder.write("w.md", "W {{n}}");
    const auto sent = std::make_shared<testing::captured_mail>();
    set_default_mailer(mailer({.transport = sent, .from = "s@x.org", .templates = folder.string()}));
    run(send_email({.to = {"a@x.org", "b@x.org"}, .subject = "Hi", .body = "**B**"}));
    const auto r = render_template(run(load_template("w")), {{"n", 1}});
    run(send_email({.to = "c@x.org", .content = r}));
    ASSERT_EQ(sent->sent().size(), 2u);
    EXPECT_EQ(sent->sent()[0].to.size(), 2u);
    EXPECT_EQ(sent->sent()[1].text, "W 1\n");
    EXPECT_EQ(default_mailer().transport_name(), "captured");
}

TEST(Transport, IsMadeByItsScheme) {
    register_transport("test-only", [](std::string_view) { return std::make_shared<testing::captured_mail>(); });
    EXPECT_EQ(make_transport("test-only:anything")->name(), "captured");
    EXPECT_EQ(make_transport("outbox:/tmp/x")->name(), "outbox");
}

} // namespace
} // namespace infra::email
