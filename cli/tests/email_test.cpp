#include "src/email_verbs.hpp"
#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/email/mime.hpp>
#include <infra/email/outbox.hpp>
#include <infra/http_client.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/this_coro.hpp>
#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <sstream>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

std::string contents_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct EmailCommand : ::testing::Test {
    EmailCommand() {
        for (const auto* each : {"EMAIL_URL", "EMAIL_URL_FILE", "EMAIL_FROM", "RESEND_API_KEY"})
            ::unsetenv(each);
        write("emails/welcome.md",
              "---\nsubject: Welcome, {{name}}\npreheader: Hello\nfrom: Shop <shop@example.org>\n---\n"
              "Hi **{{name}}**, {{place}}\n");
        write("emails/welcome.json", R"({"name": "Ann"})");
        write("emails/de/welcome.md", "Hallo {{name}}\n");
        write("note.md", "It is **done**.\n");
    }

    std::string path(const std::string& name) const { return folder.path() + "/" + name; }
    void write(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << text;
    }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_email(f);
        words.insert(words.begin(), "email");
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }
    int render(std::vector<std::string> words) {
        words.insert(words.begin(), "render");
        words.insert(words.end(), {"--dir", path("emails")});
        return run(std::move(words));
    }
    int send(std::vector<std::string> words) {
        words.insert(words.begin(), "send");
        words.insert(words.end(), {"--url", "outbox:" + path("box"), "--dir", path("emails")});
        return run(std::move(words));
    }
    int outbox(std::vector<std::string> words) {
        words.insert(words.begin(), "outbox");
        words.insert(words.end(), {"--dir", path("box")});
        return run(std::move(words));
    }
    int run_with_input(const std::string& input, const std::function<int()>& what) {
        std::istringstream given(input);
        auto* const before = std::cin.rdbuf(given.rdbuf());
        const int code = what();
        std::cin.rdbuf(before);
        return code;
    }

    json::value document() const { return boost::json::parse(out); }
    email::mail last_mail() {
        const auto page = email::list_outbox({.directory = path("box")});
        return email::from_mime(email::read_outbox(path("box"), page.mails.at(0).id).value());
    }
    std::string id_of_last() { return email::list_outbox({.directory = path("box")}).mails.at(0).id; }

    testing::temporary_folder folder;
    std::string out, err;
};

// --- render -------------------------------------------------------------------------------------------------------

TEST_F(EmailCommand, RendersATemplateWithTheDataBesideIt) {
    ASSERT_EQ(render({"welcome"}), 0) << err;
    EXPECT_EQ(out,
              "Subject    Welcome, Ann\nPreheader  Hello\nFrom       Shop <shop@example.org>\n\nHi Ann, {{place}}\n");
    ASSERT_EQ(render({"welcome", "--text"}), 0) << err;
    EXPECT_EQ(out, "Hi Ann, {{place}}\n");
    ASSERT_EQ(render({"welcome", "--html"}), 0) << err;
    EXPECT_TRUE(out.starts_with("<!DOCTYPE html>")) << out;
    ASSERT_EQ(render({"welcome", "--locale", "de-AT", "--text"}), 0) << err;
    EXPECT_EQ(out, "Hallo Ann\n");
}

TEST_F(EmailCommand, RendersOneDocument) {
    ASSERT_EQ(render({"welcome", "--json"}), 0) << err;
    const auto document = this->document();
    EXPECT_EQ(document.at("subject"), "Welcome, Ann");
    EXPECT_EQ(document.at("preheader"), "Hello");
    EXPECT_EQ(document.at("from"), "Shop <shop@example.org>");
    EXPECT_EQ(document.at("text"), "Hi Ann, {{place}}\n");
    EXPECT_TRUE(document.at("html").as_string().starts_with("<!DOCTYPE html>"));
}

TEST_F(EmailCommand, RendersAWholeMail) {
    ASSERT_EQ(render({"welcome", "--eml"}), 0) << err;
    const auto mail = email::from_mime(out);
    EXPECT_EQ(mail.subject, "Welcome, Ann");
    EXPECT_EQ(mail.from, email::address("Shop <shop@example.org>"));
}

TEST_F(EmailCommand, TakesDataFromAFileOrTheInput) {
    write("bo.json", R"({"name": "Bo", "place": "here"})");
    ASSERT_EQ(render({"welcome", "--text", "--strict", "--data", path("bo.json")}), 0) << err;
    EXPECT_EQ(out, "Hi Bo, here\n");
    ASSERT_EQ(run_with_input(R"({"name": "Cy"})", [&] { return render({"welcome", "--text", "--data", "-"}); }), 0);
    EXPECT_EQ(out, "Hi Cy, {{place}}\n");
}

TEST_F(EmailCommand, SaysWhatCannotBeRendered) {
    EXPECT_EQ(render({"welcome", "--strict"}), 1);
    EXPECT_NE(err.find("place"), std::string::npos) << err;
    EXPECT_EQ(render({"nobody", "--locale", "pt-BR"}), 3);
    for (const auto* tried :
         {"emails/pt-BR/nobody.md", "emails/pt/nobody.md", "emails/en/nobody.md", "emails/nobody.md"})
        EXPECT_NE(err.find(path(tried)), std::string::npos) << err;
    EXPECT_EQ(render({"../note"}), 2);
    EXPECT_EQ(render({"welcome", "--data", path("none.json")}), 2);
    EXPECT_NE(err.find("none.json"), std::string::npos);
    EXPECT_EQ(render({"welcome", "--data", path("note.md")}), 2);
    EXPECT_EQ(render({"welcome", "--html", "--text"}), 2);
    EXPECT_EQ(render({"nobody", "--json"}), 3);
    EXPECT_TRUE(document().at("error").at("message").is_string());
}

// --- send ---------------------------------------------------------------------------------------------------------

TEST_F(EmailCommand, SendsAMailInMarkdown) {
    write("terms.txt", "terms");
    ASSERT_EQ(send({"--to",       "Ann <ann@example.org>",
                    "--to",       "bo@example.org",
                    "--cc",       "cy@example.org",
                    "--bcc",      "di@example.org",
                    "--reply-to", "ed@example.org",
                    "--from",     "Shop <shop@example.org>",
                    "--subject",  "Done",
                    "--body",     path("note.md"),
                    "--attach",   path("terms.txt"),
                    "--attach",   path("note.md")}),
              0)
        << err;
    const auto mail = last_mail();
    EXPECT_EQ(out, mail.id + "\n");
    EXPECT_NE(err.find("sent to nobody"), std::string::npos);
    EXPECT_EQ(mail.to, (std::vector<email::address>{"Ann <ann@example.org>", "bo@example.org"}));
    EXPECT_EQ(mail.cc, (std::vector<email::address>{"cy@example.org"}));
    EXPECT_EQ(mail.bcc, (std::vector<email::address>{"di@example.org"}));
    EXPECT_EQ(mail.reply_to, (std::vector<email::address>{"ed@example.org"}));
    EXPECT_EQ(mail.from, email::address("Shop <shop@example.org>"));
    EXPECT_EQ(mail.subject, "Done");
    EXPECT_NE(mail.html.find("<strong>done</strong>"), std::string::npos);
    ASSERT_EQ(mail.attachments.size(), 2u);
    EXPECT_EQ(mail.attachments[0].filename, "terms.txt");
    EXPECT_EQ(mail.attachments[0].content, "terms");
}

TEST_F(EmailCommand, SendsATemplateOnlyWithAllItsValues) {
    write("data.json", R"({"name": "Bo"})");
    EXPECT_EQ(send({"--to", "bo@example.org", "--template", "welcome", "--data", path("data.json")}), 1);
    EXPECT_NE(err.find("place"), std::string::npos) << err;
    EXPECT_FALSE(std::filesystem::exists(path("box")));
    write("data.json", R"({"name": "Bo", "place": "here"})");
    ASSERT_EQ(send({"--to", "bo@example.org", "--template", "welcome", "--data", path("data.json"), "--json"}), 0)
        << out;
    EXPECT_EQ(document().at("id"), json::value(last_mail().id));
    EXPECT_EQ(document().at("transport"), "outbox");
    EXPECT_EQ(last_mail().subject, "Welcome, Bo");
    EXPECT_EQ(last_mail().from, email::address("Shop <shop@example.org>"));
}

TEST_F(EmailCommand, SendsWhatTheInputSaysOnceForAKey) {
    const auto twice = [&] {
        return run_with_input("Hi", [&] {
            return send(
                {"--to", "a@example.org", "--from", "b@example.org", "--subject", "S", "--body", "-", "--key", "k"});
        });
    };
    ASSERT_EQ(twice(), 0) << err;
    const auto first = out;
    ASSERT_EQ(twice(), 0) << err;
    EXPECT_EQ(out, first);
    EXPECT_EQ(email::list_outbox({.directory = path("box")}).mails.size(), 1u);
}

TEST_F(EmailCommand, RefusesWhatCannotBeSent) {
    const std::vector<std::string> fine{"--to", "a@example.org", "--from", "b@example.org", "--subject", "S"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), fine.begin(), fine.end());
        return send(std::move(more));
    };
    EXPECT_EQ(with({}), 2) << "neither body nor template";
    EXPECT_EQ(with({"--body", path("note.md"), "--template", "welcome"}), 2);
    EXPECT_EQ(with({"--body", path("note.md"), "--data", path("emails/welcome.json")}), 2);
    EXPECT_EQ(with({"--body", path("none.md")}), 2);
    EXPECT_EQ(with({"--body", path("note.md"), "--timeout", "soon"}), 2);
    EXPECT_EQ(with({"--body", path("note.md"), "--attach", path("none.pdf")}), 3);
    EXPECT_NE(err.find("none.pdf"), std::string::npos) << err;
    EXPECT_EQ(send({"--to", "a@example.org", "--body", path("note.md")}), 2) << "no subject";
    EXPECT_EQ(send({"--to", "a@example.org", "--subject", "S", "--body", path("note.md")}), 2) << "no sender";
    EXPECT_EQ(send({"--to", "nobody", "--from", "b@example.org", "--subject", "S", "--body", path("note.md")}), 2);
    EXPECT_EQ(send({"--subject", "S", "--body", path("note.md")}), 2);
    EXPECT_EQ(with({"--template", "nobody"}), 3);
    EXPECT_FALSE(std::filesystem::exists(path("box")));
}

TEST_F(EmailCommand, TakesNoPasswordOnTheCommandLine) {
    for (const auto* url : {"smtp://shop:secret@mail.example.org", "outbox:box smtps://a:b@h", "smtp://u:p/@?#w@h",
                            "smtp://u@h?password=secret"})
        EXPECT_TRUE(has_password(url)) << url;
    for (const auto* url :
         {"outbox:var/outbox", "smtp://mail.example.org:587", "smtps://shop@mail.example.org", "resend:", ""})
        EXPECT_FALSE(has_password(url)) << url;
    EXPECT_EQ(run({"send", "--to", "a@example.org", "--subject", "S", "--body", path("note.md"), "--url",
                   "smtp://shop:secret@mail.example.org"}),
              2);
    EXPECT_EQ(err.find("secret"), std::string::npos) << err;
    EXPECT_NE(err.find("EMAIL_URL"), std::string::npos);
}

TEST_F(EmailCommand, TakesTheEnvironmentUnlessToldOtherwise) {
    const environment variables({{"EMAIL_URL", "outbox:" + path("one")}, {"EMAIL_FROM", "a@example.org"}});
    EXPECT_EQ(mailer_options_for("", "", variables).url, "outbox:" + path("one"));
    EXPECT_EQ(mailer_options_for("memory:", "b@example.org", variables).url, "memory:");
    EXPECT_EQ(mailer_options_for("memory:", "b@example.org", variables).from, email::address("b@example.org"));
}

TEST_F(EmailCommand, SaysThatThereIsNoConnection) {
    ::setenv("RESEND_API_KEY", "re_secret", 1);
    ::setenv("RESEND_BASE_URL", ("http://127.0.0.1:" + std::to_string(testing::free_port())).c_str(), 1);
    EXPECT_EQ(run({"send", "--to", "ann@example.org", "--from", "b@example.org", "--subject", "Hi", "--body",
                   path("note.md"), "--timeout", "300ms"}),
              5);
    EXPECT_EQ(err.find("re_secret"), std::string::npos) << err;
    EXPECT_EQ(out, "");
    ::unsetenv("RESEND_BASE_URL");
    EXPECT_EQ(
        run({"send", "--to", "ann@example.org", "--from", "b@example.org", "--subject", "Hi", "--body", path("note.md"),
             "--timeout", "300ms", "--url", "smtp://127.0.0.1:" + std::to_string(testing::free_port()) + "?tls=none"}),
        5)
        << err;
}

TEST(EmailCode, IsThatOfEveryVerb) {
    EXPECT_EQ(email_code_for(email::errc::no_template), exit_code::not_found);
    EXPECT_EQ(email_code_for(email::errc::no_attachment), exit_code::not_found);
    EXPECT_EQ(email_code_for(email::errc::bad_address), exit_code::usage);
    EXPECT_EQ(email_code_for(email::errc::unsupported), exit_code::usage);
    EXPECT_EQ(email_code_for(errc::misconfigured), exit_code::usage);
    EXPECT_EQ(email_code_for(errc::unavailable), exit_code::unreachable);
    EXPECT_EQ(email_code_for(errc::timed_out), exit_code::unreachable);
    EXPECT_EQ(email_code_for(email::errc::refused), exit_code::failed);
    EXPECT_EQ(email_code_for(email::errc::unauthorized), exit_code::failed);
    EXPECT_EQ(email_code_for(email::errc::missing_variable), exit_code::failed);
}

// --- outbox -------------------------------------------------------------------------------------------------------

TEST_F(EmailCommand, ListsTheOutbox) {
    EXPECT_EQ(outbox({"ls"}), 3) << "there is none";
    const std::vector<std::string> to{"--to",   "Ann <ann@example.org>", "--from", "b@example.org",
                                      "--body", path("note.md")};
    for (const auto* subject : {"First", "Second\x1b[31m"}) {
        auto words = to;
        words.insert(words.end(), {"--subject", subject});
        ASSERT_EQ(send(words), 0) << err;
    }
    write("box/20200101T000000.000Z-broken.eml", "nothing");
    ASSERT_EQ(outbox({"ls"}), 0) << err;
    EXPECT_TRUE(out.starts_with("TIME ")) << out;
    EXPECT_LT(out.find("Second"), out.find("First"));
    EXPECT_NE(out.find("Ann <ann@example.org>"), std::string::npos);
    EXPECT_NE(out.find("(broken)"), std::string::npos);
    EXPECT_EQ(out.find('\x1b'), std::string::npos) << "what a terminal would obey";

    ASSERT_EQ(outbox({"ls", "--limit", "1", "--json"}), 0) << err;
    const auto page = document();
    EXPECT_EQ(page.at("mails").as_array().size(), 1u);
    EXPECT_EQ(page.at("mails").at(0).at("to").at(0), "Ann <ann@example.org>");
    ASSERT_EQ(outbox({"ls", "--limit", "9", "--json", "--before", std::string(page.at("next").as_string())}), 0) << err;
    EXPECT_EQ(document().at("mails").at(0).at("subject"), "First");
    EXPECT_TRUE(document().at("mails").at(1).at("problem").is_string());
    EXPECT_TRUE(document().at("next").is_null());
}

TEST_F(EmailCommand, ShowsAMail) {
    ASSERT_EQ(send({"--to", "ann@example.org", "--bcc", "di@example.org", "--from", "b@example.org", "--subject", "Hi",
                    "--body", path("note.md"), "--attach", path("note.md")}),
              0)
        << err;
    const auto id = id_of_last();
    ASSERT_EQ(outbox({"show", id.substr(0, 9)}), 0) << err;
    EXPECT_NE(out.find("Bcc       di@example.org"), std::string::npos) << out;
    EXPECT_NE(out.find("Attached  note.md"), std::string::npos) << out;
    EXPECT_TRUE(out.ends_with("\n\nIt is done.\n")) << out;
    ASSERT_EQ(outbox({"show", id, "--text"}), 0) << err;
    EXPECT_EQ(out, "It is done.\n");
    ASSERT_EQ(outbox({"show", id, "--html"}), 0) << err;
    EXPECT_TRUE(out.starts_with("<!DOCTYPE html>"));
    ASSERT_EQ(outbox({"show", id, "--headers"}), 0) << err;
    EXPECT_EQ(out.find("It is done."), std::string::npos);
    ASSERT_EQ(outbox({"show", id, "--eml"}), 0) << err;
    EXPECT_EQ(out, contents_of(email::list_outbox({.directory = path("box")}).mails.at(0).file));
    ASSERT_EQ(outbox({"show", id, "--json"}), 0) << err;
    EXPECT_EQ(document().at("bcc").at(0), "di@example.org");
    EXPECT_EQ(document().at("attachments").at(0).at("filename"), "note.md");
    EXPECT_EQ(outbox({"show", "nothing"}), 3);
    EXPECT_EQ(outbox({"show", id, "--text", "--html"}), 2);
}

TEST_F(EmailCommand, SendsAMailAgainAsAnother) {
    ASSERT_EQ(send({"--to", "ann@example.org", "--bcc", "di@example.org", "--from", "b@example.org", "--subject", "Hi",
                    "--body", path("note.md"), "--attach", path("note.md"), "--key", "k"}),
              0)
        << err;
    const auto first = last_mail();
    EXPECT_EQ(outbox({"resend", first.id}), 2) << "to where?";
    ASSERT_EQ(outbox({"resend", first.id, "--url", "outbox:" + path("other")}), 0) << err;
    const auto page = email::list_outbox({.directory = path("other")});
    ASSERT_EQ(page.mails.size(), 1u);
    EXPECT_EQ(out, page.mails[0].id + "\n");
    EXPECT_NE(page.mails[0].id, first.id);
    const auto again = email::from_mime(email::read_outbox(path("other"), page.mails[0].id).value());
    EXPECT_EQ(again.to, first.to);
    EXPECT_EQ(again.bcc, first.bcc);
    EXPECT_EQ(again.subject, first.subject);
    EXPECT_EQ(again.html, first.html);
    EXPECT_EQ(again.text, first.text);
    EXPECT_EQ(again.attachments.at(0).content, first.attachments.at(0).content);
    for (int i = 0; i < 2; ++i)
        ASSERT_EQ(outbox({"resend", first.id, "--url", "outbox:" + path("other"), "--key", "again"}), 0) << err;
    EXPECT_EQ(email::list_outbox({.directory = path("other")}).mails.size(), 2u) << "a key is the caller's to give";
    EXPECT_EQ(outbox({"resend", "nothing", "--url", "outbox:" + path("other")}), 3);
}

// --- preview ------------------------------------------------------------------------------------------------------

/// What a verb prints while it runs.
class shared_text : public std::streambuf {
public:
    std::string now() const {
        const std::scoped_lock lock(mutex_);
        return text_;
    }

protected:
    int overflow(int c) override {
        const std::scoped_lock lock(mutex_);
        text_ += static_cast<char>(c);
        return c;
    }
    std::streamsize xsputn(const char* text, std::streamsize size) override {
        const std::scoped_lock lock(mutex_);
        text_.append(text, static_cast<std::size_t>(size));
        return size;
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
};

awaitable<http::client_response> get(std::string url) {
    const http::client client(co_await asio::this_coro::executor);
    co_return co_await client.send({.url = std::move(url), .deadline = deadline::after(20s)});
}

TEST_F(EmailCommand, WritesWhatWasAttached) {
    ASSERT_EQ(send({"--to", "ann@example.org", "--from", "b@example.org", "--subject", "Hi", "--body", path("note.md"),
                    "--attach", path("note.md"), "--attach", path("emails/welcome.json")}),
              0)
        << err;
    const auto id = id_of_last();
    ASSERT_EQ(outbox({"show", id, "--attachment", "welcome.json"}), 0) << err;
    EXPECT_EQ(out, R"({"name": "Ann"})");
    ASSERT_EQ(outbox({"show", id, "--attachment", "1"}), 0) << err;
    EXPECT_EQ(out, "It is **done**.\n");
    EXPECT_EQ(outbox({"show", id, "--attachment", "3"}), 3);
    EXPECT_EQ(err, "infra: the mail has no attachment '3'; it has note.md, welcome.json\n");
    for (const auto* each : {"01report.pdf", "1.", "+1", "99999999999999999999999"})
        EXPECT_EQ(outbox({"show", id, "--attachment", each}), 3) << each;
    EXPECT_EQ(outbox({"show", id, "--attachment", ""}), 2) << "not the mail itself";
    EXPECT_EQ(outbox({"show", id, "--attachment", "1", "--html"}), 2);
}

TEST_F(EmailCommand, ListsTemplatesWithWhatIsWrong) {
    ASSERT_EQ(run({"templates", "--dir", path("emails"), "--json"}), 0) << err;
    const auto only = document().at("templates").at(0);
    EXPECT_EQ(only.at("name"), "welcome");
    EXPECT_EQ(only.at("locales"), (json::array{"", "de"}));
    EXPECT_EQ(only.at("subject"), "Welcome, Ann");
    EXPECT_EQ(only.at("sample"), true);
    EXPECT_NE(only.at("gaps").as_string().find("place"), std::string::npos) << out;
    write("emails/de/welcome.md", "---\nsubject: {{#if}}\n---\n");
    EXPECT_EQ(run({"templates", "--dir", path("emails")}), 1) << out;
    EXPECT_NE(out.find("  de: "), std::string::npos) << out << "a locale that is not the first";
    write("emails/de/welcome.md", "Hallo {{name}}\n");
    write("emails/broken.md", "---\nsubject: {{#if}}\n---\n");
    EXPECT_EQ(run({"templates", "--dir", path("emails")}), 1) << out;
    EXPECT_TRUE(out.starts_with("NAME     LOCALES  DATA   SUBJECT ")) << out;
    EXPECT_EQ(run({"templates", "--dir", path("none")}), 3);
}

TEST_F(EmailCommand, ShowsTemplatesUntilItIsTold) {
    shared_text printed;
    std::ostream to(&printed);
    std::ostringstream problems;
    auto running = std::async(std::launch::async, [&] {
        frame f(to, problems);
        add_email(f);
        return f.run({"email", "preview", "--dir", path("emails"), "--port", "0"});
    });
    while (printed.now().find('\n') == std::string::npos)
        std::this_thread::sleep_for(1ms);
    auto url = printed.now();
    url.pop_back();
    const auto page = wait(get(url));
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("template?name=welcome"), std::string::npos) << page.body;
    EXPECT_NE(wait(get(url + "html?name=welcome")).body.find("Hi <strong>Ann</strong>"), std::string::npos);

    const auto begin = page.body.find("data-version=\"") + 14;
    const auto version = page.body.substr(begin, page.body.find('"', begin) - begin);
    auto waiting = std::async(std::launch::async, [&] { // a page that waits for a change does not hold it up
        try {
            wait(get(url + "changes?since=" + version));
        } catch (const std::exception&) {
        }
    });
    const auto told = std::chrono::steady_clock::now();
    ::raise(SIGTERM);
    EXPECT_EQ(running.get(), 0) << problems.str();
    EXPECT_LT(std::chrono::steady_clock::now() - told, 10s) << "25 s is how long pages wait";
    waiting.get();
}

TEST_F(EmailCommand, SaysThatThereIsNothingToShow) {
    EXPECT_EQ(run({"preview", "--dir", path("none"), "--port", "0"}), 3);
    EXPECT_NE(err.find(path("none")), std::string::npos) << err;
    EXPECT_EQ(run({"preview", "--port", "70000"}), 2);
}

} // namespace
} // namespace infra::cli
