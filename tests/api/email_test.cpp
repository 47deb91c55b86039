// Mail: every spelling of recipients, templates and content.

#include "support.hpp"

#include <infra/email.hpp>
#include <infra/email/deliver_later.hpp>
#include <infra/queue.hpp>
#include <infra/testing/captured_mail.hpp>
#include <infra/testing/inline_queue.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <type_traits>

namespace api {
namespace {

class ApiEmail : public testing::Test {
protected:
    ApiEmail() {
        std::filesystem::create_directory(folder_.path() / "de");
        std::ofstream(folder_.path() / "welcome.md") << "---\nsubject: Welcome to {{app_name}}!\n---\nHi {{name}},\n";
        std::ofstream(folder_.path() / "de/welcome.md") << "---\nsubject: Bei {{app_name}}\n---\nHallo {{name}},\n";
        infra::email::set_default_mailer(infra::email::mailer(
            {.transport = mail, .from = "Shop <shop@example.org>", .templates = folder_.path().string()}));
    }

    const std::shared_ptr<infra::testing::captured_mail> mail = std::make_shared<infra::testing::captured_mail>();

private:
    temporary_folder folder_;
};

TEST_F(ApiEmail, TakesEverySpellingOfRecipients) {
    using namespace infra::email;
    const std::string to = "Somebody Whose Name Is On The Heap <ann@example.org>";
    const std::vector<std::string> many{"a@example.org", "b@example.org", "c@example.org"};
    run([&]() -> awaitable<void> {
        co_await send_email({.to = "a@example.org", .subject = "Hi", .body = "**Hi**"});
        co_await send_email({.to = to, .subject = "Hi", .body = "Hi"});
        co_await send_email({.to = std::string_view(to), .subject = "Hi", .body = "Hi"});
        co_await send_email({.to = {"a@example.org", "b@example.org"}, .subject = "Hi", .body = "Hi"});
        co_await send_email({.to = {{"a@example.org", "b@example.org"}}, .subject = "Hi", .body = "Hi"});
        co_await send_email(
            {.to = {to, "b@example.org", address::named("Cy", "c@example.org")}, .subject = "Hi", .body = "Hi"});
        co_await send_email({.to = many, .cc = {"d@example.org"}, .subject = "Hi", .body = "Hi"});
        co_await send_email({.from = "Store <store@example.org>",
                             .to = address::named("Ann", "a@example.org"),
                             .subject = "Hi",
                             .body = "Hi",
                             .attachments = {{.filename = "a.txt", .content = long_text("a")}},
                             .headers = {{"X-Shop", "1"}},
                             .tags = {{"kind", "welcome"}}});
        const message_id id =
            co_await send_email({.to = to, .template_name = "welcome", .data = {{"name", "Ann"}, {"n", 1}}});
        EXPECT_FALSE(id.empty());
        auto later = send_email({.to = {"somebody-with-a-long-address@example.org", "b@example.org"},
                                 .subject = long_text("s"),
                                 .body = long_text("b")});
        co_await std::move(later);
    });
    std::vector<std::size_t> sizes;
    for (const auto& each : mail->sent())
        sizes.push_back(each.to.size());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 1, 1, 2, 2, 3, 3, 1, 1, 2}));
    EXPECT_EQ(mail->sent().at(7).from.email(), "store@example.org");
    EXPECT_EQ(mail->sent().at(9).subject, long_text("s"));
}

TEST_F(ApiEmail, RendersOnceAndSendsAsRendered) {
    using namespace infra::email;
    run([]() -> awaitable<void> {
        auto t = co_await load_template("welcome");
        auto r = render_template(t, {{"name", "{{app_name}}"}, {"app_name", "Shop"}});
        EXPECT_NE(r.text.find("Hi {{app_name}},"), std::string::npos) << r.text;
        co_await send_email({.to = "john@example.org", .content = r});
        co_await send_email({.to = "john@example.org",
                             .content = render_template(co_await load_template("welcome", {.locale = "de"}),
                                                        {{"name", "John"}, {"app_name", long_text("app")}})});
        auto described = render_template(t, user{.name = "Ann"});
        EXPECT_NE(described.text.find("Hi Ann,"), std::string::npos) << described.text;
    });
    EXPECT_NE(mail->sent().at(0).text.find("Hi {{app_name}},"), std::string::npos);
    EXPECT_EQ(mail->sent().at(1).subject, "Bei " + long_text("app"));
}

TEST_F(ApiEmail, SendsWithAMailerMadeByHand) {
    infra::email::mailer mailer({.transport = mail, .from = "Shop <shop@example.org>"});
    run([&]() -> awaitable<void> { co_await mailer.send({.to = "a@example.org", .subject = "Hi", .body = "Hi"}); });
    EXPECT_EQ(mail->sent().at(0).from, infra::email::address("Shop <shop@example.org>"));
}

TEST_F(ApiEmail, SendsManyInOneCall) {
    using namespace infra::email;
    run([]() -> awaitable<void> {
        std::vector<message> messages;
        for (const auto* to : {"a@example.org", "nobody", "c@example.org"})
            messages.push_back({.to = to, .template_name = "welcome", .data = {{"name", to}}});
        const auto done = co_await send_emails(messages);
        EXPECT_FALSE(done.at(0).failure || done.at(2).failure);
        EXPECT_EQ(done.at(1).failure.value().code(), errc::bad_address);
        messages.at(1).to = "b@example.org";
        EXPECT_EQ((co_await send_emails(messages, {.all_or_none = true})).size(), 3u);
        co_await send_emails({{.to = "a@example.org", .subject = "Hi", .body = "Hi"}});
    });
    EXPECT_EQ(mail->sent().size(), 6u);
}

TEST_F(ApiEmail, HasATimeAndHooks) {
    using namespace infra::email;
    using namespace std::chrono_literals;
    int audited = 0;
    const auto audit = [&](const infra::email::mail&, const delivery& d) { audited += !d.failure; };
    set_default_mailer(infra::email::mailer({.transport = mail,
                                             .from = "shop@example.org",
                                             .attempts = 3,
                                             .before = {redirect_to("team@shop.example")},
                                             .after = {audit}}));
    run([]() -> awaitable<void> {
        co_await send_email({.to = "a@example.org", .subject = "Hi", .body = "Hi"},
                            {.limit = infra::deadline::after(30s)});
    });
    EXPECT_EQ(mail->sent().at(0).to.at(0).email(), "team@shop.example");
    EXPECT_EQ(audited, 1);
}

TEST_F(ApiEmail, IsPutOffToAWorker) {
    using namespace std::chrono_literals;
    using namespace infra::email;
    infra::testing::inline_queue work;
    infra::queue::set_default_queue(work.jobs());
    run([&]() -> awaitable<void> {
        co_await deliver_later({.to = "a@example.org", .template_name = "welcome", .data = {{"name", "Ann"}}});
        const auto id =
            co_await deliver_later({.to = "b@example.org", .subject = "How was it?", .body = "**Hi**"}, {.delay = 72h});
        EXPECT_FALSE(id.empty());
    });
    EXPECT_TRUE(work.run_due().all_completed());
    EXPECT_EQ(mail->sent().size(), 1u);
    EXPECT_TRUE(work.run_all().all_completed());
    const auto asked = mail->was_sent({.to = "b@example.org", .subject = "How was it?"});
    EXPECT_TRUE(asked) << asked;
    infra::queue::default_registry()->clear();
}

// One address is one string: two strings never become a name and an address by accident.
static_assert(!std::is_constructible_v<infra::email::address, const char*, const char*>);

} // namespace
} // namespace api
