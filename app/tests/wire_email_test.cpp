#include "src/wiring.hpp"

#include <infra/email.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/captured_mail.hpp>

#include <gtest/gtest.h>

namespace infra::app {
namespace {

struct WiredEmail : ::testing::Test {
    ~WiredEmail() override { email::set_default_mailer(email::mailer({.transport = mail})); }

    std::shared_ptr<testing::captured_mail> mail = std::make_shared<testing::captured_mail>();
    app_options options{.name = "shop"};
    environment env{};
    http::router routes;
    wiring w{.options = options, .env = env, .routes = routes, .now = std::make_shared<phase>()};
};

awaitable<std::string> kept(std::string key, std::size_t) { co_return "what is kept as " + key; }

TEST_F(WiredEmail, SendsWhatLiesInStorageAfterTheHooksOfTheProgram) {
    options.email = {.transport = mail, .before = {email::redirect_to("team@shop.example")}, .read_stored = kept};
    env = environment({{"EMAIL_FROM", "Shop <hello@shop.example>"}});
    wire_email(w);
    EXPECT_EQ(w.chosen.at(0).backend, "captured");
    wait(email::send_email(
        {.to = "ann@example.org", .subject = "Bill", .body = "Attached.", .attachments = {{.stored = "bills/7.pdf"}}}));
    const auto sent = mail->sent().at(0);
    EXPECT_EQ(sent.from.email(), "hello@shop.example");
    EXPECT_EQ(sent.to.at(0).email(), "team@shop.example");
    EXPECT_EQ(sent.attachments.at(0).filename, "7.pdf");
    EXPECT_EQ(sent.attachments.at(0).content, "what is kept as bills/7.pdf");
}

TEST_F(WiredEmail, SendsWhatLiesInTheStorageOfTheProcess) {
    const storage::storage files({.bucket = storage::make_memory_bucket()});
    storage::set_default_storage(files);
    auto putting = files.put("bills/7.pdf", "the bill");
    wait(std::move(putting));
    options.email = {.transport = mail, .from = "hello@shop.example"};
    wire_email(w);
    const auto send = [](std::string key) {
        wait(email::send_email(
            {.to = "ann@example.org", .subject = "Bill", .body = "Attached.", .attachments = {{.stored = key}}}));
    };
    send("bills/7.pdf");
    EXPECT_EQ(mail->sent().at(0).attachments.at(0).content, "the bill");
    EXPECT_ANY_THROW(send("bills/8.pdf"));
    EXPECT_EQ(mail->sent().size(), 1U);
}

TEST_F(WiredEmail, GoesWhereTheProgramSaysBeforeWhereTheEnvironmentDoes) {
    options.email.url = "memory:";
    env = environment({{"EMAIL_URL", "outbox:elsewhere"}});
    wire_email(w);
    EXPECT_EQ(w.chosen.at(0).backend, "memory:");
}

TEST_F(WiredEmail, ShowsNoPasswordOfTheEnvironment) {
    env = environment({{"EMAIL_URL", "smtps://shop:secret@mail.example.org log:"}});
    wire_email(w);
    EXPECT_EQ(w.chosen.at(0).backend.find("secret"), std::string::npos) << w.chosen.at(0).backend;
    EXPECT_NE(w.chosen.at(0).backend.find("log:"), std::string::npos) << w.chosen.at(0).backend;
}

} // namespace
} // namespace infra::app
