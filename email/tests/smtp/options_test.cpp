#include "src/smtp/options.hpp"

#include "tests/smtp/support.hpp"

#include <gtest/gtest.h>

namespace infra::email {
namespace {

const environment with_password({{"EMAIL_PASSWORD", "from-env"}});

smtp_options read(std::string_view url, const environment& variables = environment()) {
    return smtp_options_from(url, variables);
}

TEST(SmtpUrl, SaysWhereAndHow) {
    const auto plain = read("smtp://mail.x.org");
    EXPECT_EQ(plain.host, "mail.x.org");
    EXPECT_EQ(plain.tls, smtp_tls::starttls);
    EXPECT_EQ(smtp::completed(plain).port, 587);
    EXPECT_EQ(smtp::completed(read("smtps://mail.x.org")).port, 465);
    EXPECT_EQ(read("smtps://mail.x.org").tls, smtp_tls::implicit);
    EXPECT_EQ(read("smtp://[::1]:2525/").host, "[::1]");
    EXPECT_EQ(read("smtp://[::1]:2525/").port, 2525);
    EXPECT_EQ(read("smtp://localhost:1025?tls=none").tls, smtp_tls::none);
    EXPECT_EQ(read("smtp://h?tls=required").tls, smtp_tls::starttls);
    const auto all =
        read("smtp://a%40b:p%3Aw%40@h:25?ca_file=%2Fetc%2Fca.pem&connections=7&hello=me.x.org&max_idle=5s");
    EXPECT_EQ(all.user, "a@b");
    EXPECT_EQ(all.password, "p:w@");
    EXPECT_EQ(all.ca_file, "/etc/ca.pem");
    EXPECT_EQ(all.connections, 7U);
    EXPECT_EQ(all.hello, "me.x.org");
    EXPECT_EQ(all.max_idle, std::chrono::seconds(5));
}

TEST(SmtpUrl, FindsThePasswordElsewhere) {
    EXPECT_EQ(read("smtps://h?user=shop", with_password).password, "from-env");
    EXPECT_EQ(read("smtps://shop@h", with_password).password, "from-env");
    EXPECT_EQ(read("smtps://shop:own@h", with_password).password, "own");
    EXPECT_EQ(read("smtps://h", with_password).password, "") << "without a user there is nothing to log in with";
    const temporary_folder folder;
    folder.write("pw", "from-file\n");
    EXPECT_EQ(read("smtps://shop@h?password_file=" + (folder / "pw").string(), with_password).password, "from-file");
    EXPECT_EQ(read("smtps://shop@h", environment({{"EMAIL_PASSWORD_FILE", (folder / "pw").string()}})).password,
              "from-file");
    const auto token = read("smtps://shop@h?auth=token", with_password);
    EXPECT_EQ(token.token, "from-env");
    EXPECT_EQ(token.password, "");
}

TEST(SmtpUrl, IsRefusedWithAReasonAndNotRepeated) {
    const std::pair<std::string, std::string> table[] = {
        {"smtp:h", "must begin with smtp:// or smtps://"},
        {"http://h", "must begin with smtp:// or smtps://"},
        {"smtp://", "has no host"},
        {"smtp://:25", "has no host"},
        {"smtp://s3cret/x", "has no host"},
        {"smtp://h:0", "port"},
        {"smtp://h:s3cret", "port"},
        {"smtp://h:99999", "port"},
        {"smtp://u:s3cret%zz@h", "% without two hex digits"},
        {"smtp://u@h", "EMAIL_PASSWORD"},
        {"smtp://:s3cret@h", "password without a user"},
        {"smtp://h?s3cret", "there are user, password_file, auth, tls, insecure_password_in_the_clear, ca_file, hello, "
                            "connections, max_idle"},
        {"smtp://h?s3cret=1", "an option that is not known"},
        {"smtp://h?tls", "an option that is not known"},
        {"smtp://h?tls=s3cret", "tls="},
        {"smtps://h?tls=none", "tls="},
        {"smtp://h?auth=s3cret", "auth="},
        {"smtp://h?connections=0", "connections="},
        {"smtp://h?connections=s3cret", "connections="},
        {"smtp://h?max_idle=s3cret", "max_idle="},
        {"smtp://h?max_idle=2h", "max_idle must be from 0 to 1 h"},
        {"smtp://h?insecure_password_in_the_clear=s3cret", "insecure_password_in_the_clear="},
        {"smtp://u:s3cret@h?tls=none", "in the clear"},
        {"smtp://u:s3cret@h?password_file=x", "both"},
        {"smtp://u@h?password_file=/s3cret/none", "password_file="},
        {"smtp://h?hello=s3cret%20x", "hello must be"},
        {"smtp://u%0As3cret:p@h", "control characters"},
        {"smtp://u:p@s3cret@@h?x", "an option that is not known"},
    };
    for (const auto& [url, why] : table) {
        const auto f = failure_of([&] { read(url); });
        EXPECT_EQ(f.code, infra::errc::misconfigured) << url;
        EXPECT_NE(f.sentence.find(why), std::string::npos) << url << ": " << f.sentence;
        EXPECT_EQ(f.sentence.find("s3cret"), std::string::npos) << f.sentence;
    }
    EXPECT_NO_THROW(read("smtp://u:p@h?tls=none&insecure_password_in_the_clear=yes"));
}

TEST(SmtpOptions, AreCheckedByName) {
    const std::pair<smtp_options, std::string> table[] = {
        {{}, "host"},
        {{.host = "a b"}, "host"},
        {{.host = "h", .user = "u"}, "user"},
        {{.host = "h", .password = "p"}, "user"},
        {{.host = "h", .user = "u", .password = "p", .token = "t"}, "password and token"},
        {{.host = "h", .user = "u\r\n", .password = "p"}, "user"},
        {{.host = "h", .hello = "a\r\nb"}, "hello"},
        {{.host = "h", .key_header = "A:"}, "key_header"},
        {{.host = "h", .connections = 0}, "connections"},
        {{.host = "h", .connections = 101}, "connections"},
        {{.host = "h", .max_idle = std::chrono::hours(2)}, "max_idle"},
        {{.host = "h", .timeout = std::chrono::milliseconds(0)}, "timeout"},
        {{.host = "h", .max_waiting = 0}, "max_waiting"},
        {{.host = "h", .time = nullptr}, "time"},
    };
    for (const auto& [options, field] : table) {
        try {
            make_smtp_transport(options);
            ADD_FAILURE() << field;
        } catch (const std::invalid_argument& e) {
            EXPECT_TRUE(std::string(e.what()).starts_with("email::smtp_options::" + field)) << e.what();
        }
    }
}

TEST(SmtpOptions, KnowWhoKeepsKeys) {
    EXPECT_FALSE(make_smtp_transport({.host = "mail.x.org"})->traits().keeps_keys);
    EXPECT_TRUE(make_smtp_transport({.host = "SMTP.resend.com"})->traits().keeps_keys);
    EXPECT_TRUE(make_smtp_transport({.host = "mail.x.org", .key_header = "X-Key"})->traits().keeps_keys);
}

TEST(SmtpOptions, AreReachedByUrl) {
    EXPECT_EQ(make_transport("smtp://mail.x.org")->name(), "smtp");
    EXPECT_EQ(make_transport("smtps://mail.x.org:4465")->name(), "smtp");
}

} // namespace
} // namespace infra::email
