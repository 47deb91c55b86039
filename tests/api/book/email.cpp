// What docs/email.md shows.

#include "../support.hpp"

#include <infra/email/memory.hpp>

#include <gtest/gtest.h>

#include <fstream>

// [email]
#include <infra/email.hpp>

// emails/welcome.md:
//     ---
//     subject: Welcome, {{name}}
//     ---
//     Hello **{{name}}**, [confirm your address](https://shop.example/confirm?code={{code}}).

infra::awaitable<infra::email::message_id> welcome(std::string to, std::string name, std::string code) {
    co_return co_await infra::email::send_email({
        .to = to,
        .template_name = "welcome",
        .data = {{"name", name}, {"code", code}},
        .idempotency_key = "welcome-" + code, // a second call with it sends nothing
    });
}
// [/email]

TEST(BookEmail, SendsTheMailOfThePage) {
    const api::temporary_folder folder;
    std::ofstream(folder.path() / "welcome.md")
        << "---\nsubject: Welcome, {{name}}\n---\nHello **{{name}}**, "
           "[confirm your address](https://shop.example/confirm?code={{code}}).\n";
    auto sent = std::make_shared<infra::email::memory_transport>();
    infra::email::set_default_mailer(
        infra::email::mailer({.transport = sent, .from = "Shop <shop@example.org>", .templates = folder.path()}));
    infra::wait(welcome("ann@example.org", "<b>Ann</b>", "a b"));
    infra::wait(welcome("ann@example.org", "<b>Ann</b>", "a b"));
    ASSERT_EQ(sent->sent().size(), 1U);
    EXPECT_EQ(sent->sent()[0].subject, "Welcome, <b>Ann</b>");
    EXPECT_NE(sent->sent()[0].html.find("&lt;b&gt;Ann"), std::string::npos);
    EXPECT_NE(sent->sent()[0].html.find("code=a%20b"), std::string::npos);
}
