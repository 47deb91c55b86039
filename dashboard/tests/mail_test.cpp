#include "src/mail/mail_panel.hpp"
#include "support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

class MailPanel : public ::testing::Test {
protected:
    MailPanel() {
        write(
            "welcome.md",
            "---\nsubject: Hi {{name}}\npreheader: Your account\n---\nHi **{{name}}**, ![](https://x.example/a.png)\n");
        write("welcome.json", R"({"name":"Ann"})");
        write("de/welcome.md", "Hallo {{name}} {{missing}}\n");
        add_mail_panel(on.board(), {.mailer = [this] { return mailer; },
                                    .transport = "outbox",
                                    .outbox = folder.path() + "/outbox",
                                    .templates = folder.path(),
                                    .sent = sent,
                                    .pool = &pool});
    }

    void write(const std::string& name, std::string_view text) {
        const std::filesystem::path path = folder.path() + "/" + name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    std::string send(email::message m) { return on.loop.get(mailer.send(std::move(m))); }
    std::string send_one() {
        return send({.from = "Shop <shop@x.org>",
                     .to = {"Ann <ann@example.org>"},
                     .bcc = {"boss@x.org"},
                     .template_name = "welcome",
                     .data = {{"name", "Ann <script>"}},
                     .attachments = {{.filename = "grün \"1\".txt", .content = "<script>alert(1)</script>"},
                                     {.filename = "logo.png", .content = "PNG", .content_id = "logo"}}});
    }

    testing::temporary_folder folder{"dashboard-mail"};
    blocking_pool pool{{.threads = 1}};
    mounted on;
    std::shared_ptr<sent_mails> sent = std::make_shared<sent_mails>();
    email::mailer mailer =
        email::mailer({.url = "outbox:" + folder.path() + "/outbox", .templates = folder.path(), .pool = &pool})
            .with_after([sent = sent](const email::mail& m, const email::delivery& d) {
                sent->add(record_of(m, d, "outbox", real_clock().wall()));
            });
};

TEST_F(MailPanel, ListsTheOutboxWithoutNamingRecipients) {
    const auto id = send_one();
    const auto page = on.get("/mail/outbox");
    ASSERT_EQ(page.at("items").as_array().size(), 1u);
    const auto& one = page.at("items").at(0);
    EXPECT_EQ(one.at("id"), json::value(id));
    EXPECT_EQ(one.at("to").at(0), "a***@example.org");
    EXPECT_EQ(one.at("subject"), "Hi Ann <script>");
    EXPECT_EQ(one.at("template"), "welcome");
    EXPECT_EQ(one.at("attempts"), 1);
    EXPECT_FALSE(has(json::to_text(page), "ann@example.org"));
}

TEST_F(MailPanel, ShowsAMailWhole) {
    const auto id = send_one();
    const auto mail = on.get("/mail/outbox/" + id);
    EXPECT_EQ(mail.at("to").at(0), "Ann <ann@example.org>");
    EXPECT_EQ(mail.at("bcc").at(0), "boss@x.org");
    EXPECT_TRUE(has(mail.at("text").at("text").as_string(), "Hi Ann <script>"));
    EXPECT_EQ(mail.at("attachments").as_array().size(), 2u);
    EXPECT_TRUE(has(on.get("/mail/outbox/" + id + "/source").at("text").as_string(), "Subject: Hi Ann"));
    EXPECT_EQ(on.status_of("/mail/outbox/018cffff-none"), 404);
}

TEST_F(MailPanel, FramesHtmlSoThatNothingOfItRunsOrLoads) {
    const auto id = send_one();
    const auto html = on.ask(http::method::get, "/mail/outbox/" + id + "/html");
    ASSERT_EQ(html.status, 200);
    const auto policy = std::string(html.headers.get("content-security-policy").value_or(""));
    EXPECT_TRUE(has(policy, "sandbox; default-src 'none'")) << policy;
    EXPECT_FALSE(has(policy, "https:")) << policy;
    EXPECT_FALSE(has(html.body, "<script>"));
    const auto with_images = on.ask(http::method::get, "/mail/outbox/" + id + "/html?images=1");
    EXPECT_TRUE(has(with_images.headers.get("content-security-policy").value_or(""), "https:"));
}

TEST_F(MailPanel, GivesAttachmentsAsFilesThatNoBrowserOpens) {
    const auto id = send_one();
    const auto mail = on.get("/mail/outbox/" + id);
    std::size_t seen = 0;
    for (const auto& each : mail.at("attachments").as_array()) {
        const auto path = "/mail/outbox/" + id + "/attachments/" + std::to_string(each.at("index").as_int64());
        const auto file = on.ask(http::method::get, path);
        EXPECT_EQ(file.headers.get("content-type"), "application/octet-stream");
        EXPECT_EQ(file.headers.get("x-content-type-options"), "nosniff");
        const auto as = std::string(file.headers.get("content-disposition").value_or(""));
        EXPECT_TRUE(as.starts_with("attachment; filename=\"")) << as;
        seen += file.body == "<script>alert(1)</script>" && has(as, "filename*=UTF-8''gr%C3%BCn%20%221%22.txt");
    }
    EXPECT_EQ(seen, 1u);
    EXPECT_EQ(on.status_of("/mail/outbox/" + id + "/attachments/7"), 404);
}

TEST_F(MailPanel, SendsAMailAgainAsOneOfItsOwn) {
    const auto id = send_one();
    const auto answer = on.act(http::method::post, "/mail/outbox/" + id + "/resend");
    ASSERT_EQ(answer.status, 201) << answer.body;
    EXPECT_NE(json::parse(answer.body)->at("id"), json::value(id));
    EXPECT_EQ(on.get("/mail/outbox").at("items").as_array().size(), 2u);
}

TEST_F(MailPanel, ListsWhatWasSentLatelyWithWhatFailed) {
    send_one();
    sent->add({.at = real_clock().wall(), .subject = "lost", .state = "failed", .reason = "refused"});
    const auto page = on.get("/mail/sent");
    ASSERT_EQ(page.at("items").as_array().size(), 2u);
    EXPECT_EQ(page.at("items").at(0).at("reason"), "refused");
    EXPECT_EQ(on.get("/mail/sent?state=failed").at("items").as_array().size(), 1u);
    EXPECT_EQ(on.get("/mail").at("failed_lately"), 1);
}

TEST_F(MailPanel, ListsTemplatesAndShowsOneWithItsSample) {
    const auto all = on.get("/mail/templates").at("items");
    ASSERT_EQ(all.as_array().size(), 1u);
    EXPECT_EQ(all.at(0).at("locales").as_array().size(), 2u);
    const auto one = on.get("/mail/template?name=welcome");
    EXPECT_EQ(one.at("subject"), "Hi Ann");
    EXPECT_EQ(one.at("preheader"), "Your account");
    EXPECT_EQ(one.at("gaps"), "");
    EXPECT_TRUE(has(one.at("source").at("text").as_string(), "{{name}}"));
    EXPECT_TRUE(has(on.get("/mail/template?name=welcome&locale=de").at("gaps").as_string(), "missing"));
    EXPECT_EQ(on.status_of("/mail/template?name=none"), 404);
    EXPECT_EQ(on.status_of("/mail/template?name=..%2F..%2Fetc%2Fpasswd"), 404);
}

TEST_F(MailPanel, ShowsATemplateWithDataThatSomebodyTypes) {
    const auto data = encoding::form_encode(R"({"name":"<b>Bea"})");
    EXPECT_EQ(on.get("/mail/template?name=welcome&data=" + data).at("subject"), "Hi <b>Bea");
    const auto frame = on.ask(http::method::get, "/mail/template/html?name=welcome&data=" + data);
    EXPECT_TRUE(has(frame.body, "&lt;b&gt;Bea"));
    EXPECT_TRUE(has(frame.headers.get("content-security-policy").value_or(""), "sandbox"));
    EXPECT_EQ(on.status_of("/mail/template?name=welcome&data=nonsense"), 422);
}

TEST(MailPanelWithoutOutbox, SaysSo) {
    mounted on;
    add_mail_panel(on.board(), {.transport = "resend"});
    EXPECT_TRUE(on.get("/mail").at("outbox").is_null());
    EXPECT_EQ(on.status_of("/mail/outbox"), 404);
}

} // namespace
} // namespace infra::dashboard
