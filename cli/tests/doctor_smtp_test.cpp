#include "doctor_support.hpp"

#include "../../testing/support/test_authority.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace infra::cli {
namespace {

namespace ssl = asio::ssl;

TEST_F(Doctor, DoesNotWaitForAServerThatIsSilent) {
    asio::io_context io;
    const tcp::acceptor silent(io, {asio::ip::address_v4::loopback(), 0}); // the kernel takes the call, nobody speaks
    const auto address = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
    const auto f = found("EMAIL_URL=smtp://" + address, "smtp", {"--timeout", "3s"});
    EXPECT_EQ(code, 4);
    EXPECT_NE(text(f, "found").find("did not answer within 2700 ms"), std::string::npos) << out;
}

TEST_F(Doctor, FindsAnSmtpServerWithoutStarttls) {
    const listener server([](tcp::socket& with) {
        say(with, "220 mail.example ESMTP\r\n");
        heard(with, "\r\n");
        say(with, "250-mail.example\r\n250 AUTH PLAIN\r\n");
        heard(with, "\r\n"); // hangs up
    });
    const auto f =
        found("EMAIL_URL=smtp://ann@" + server.address() + "\nEMAIL_PASSWORD=hush-hush", "smtp", {"--login"});
    EXPECT_EQ(code, 4);
    EXPECT_EQ(text(f, "found"), "does not offer STARTTLS");
    EXPECT_EQ(out.find("hush-hush"), std::string::npos);
}

TEST_F(Doctor, LogsInToAnSmtpServerWhereItIsAskedTo) {
    for (const bool right : {true, false}) {
        std::string heard_login;
        {
            const listener server([&](tcp::socket& with) {
                say(with, "220 mail.example ESMTP\r\n");
                heard(with, "\r\n");
                say(with, "250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n");
                heard_login = heard(with, "\r\n");
                say(with, right ? "235 welcome\r\n" : "535 5.7.8 no\r\n");
            });
            const auto f = found("EMAIL_URL=smtp://ann@" + server.address() +
                                     "?tls=none&insecure_password_in_the_clear=yes\nEMAIL_PASSWORD=hush",
                                 "smtp", {"--login"});
            EXPECT_EQ(code, right ? 0 : 4) << out;
            EXPECT_EQ(text(f, "found"),
                      right ? "answers, in the clear; the log-in succeeds" : "refuses the log-in: 535 5.7.8 no");
        }
        EXPECT_EQ(heard_login, "AUTH PLAIN AGFubgBodXNo\r\n"); // \0ann\0hush
    }
}

TEST_F(Doctor, ShowsNoPasswordThatAnSmtpServerRepeats) {
    for (const std::string offers : {"AUTH PLAIN", "AUTH LOGIN"}) {
        const listener server([offers](tcp::socket& with) {
            say(with, "220 mail.example ESMTP\r\n");
            heard(with, "\r\n");
            say(with, "250-mail.example\r\n250 " + offers + "\r\n");
            auto login = heard(with, "\r\n");
            for (int asked = 0; asked < 2 && offers.ends_with("LOGIN"); ++asked) { // the name, the password
                say(with, "334 \r\n");
                login = heard(with, "\r\n");
            }
            say(with, "535 what is " + login);
        });
        const auto f = found("EMAIL_URL=smtp://ann@" + server.address() +
                                 "?tls=none&insecure_password_in_the_clear=yes\nEMAIL_PASSWORD=hush",
                             "smtp", {"--login"});
        EXPECT_EQ(text(f, "found"), "refuses the log-in: 535, and repeats the password") << offers;
    }
}

/// Until it is told to secure what is said.
void greet_and_start_tls(tcp::socket& with) {
    say(with, "220 mail.example ESMTP\r\n");
    heard(with, "\r\n");
    say(with, "250-mail.example\r\n250 STARTTLS\r\n");
    heard(with, "\r\n");
    say(with, "220 go ahead\r\n");
}

std::function<void(tcp::socket&)> secured_by(const std::string& certificate) {
    return [certificate](tcp::socket& with) {
        greet_and_start_tls(with);
        ssl::context context(ssl::context::tls_server);
        context.use_certificate_chain_file(certificate);
        context.use_private_key_file(certificate, ssl::context::pem);
        ssl::stream<tcp::socket&> safe(with, context);
        safe.handshake(ssl::stream_base::server);
        heard(safe, "\r\n");
        say(safe, "250-mail.example\r\n250 AUTH PLAIN\r\n");
        boost::system::error_code hung_up;
        char more = 0;
        safe.read_some(asio::buffer(&more, 1), hung_up);
    };
}

TEST_F(Doctor, VerifiesTheCertificateBehindStarttls) {
    const testing::test_authority authority;
    const auto trusted = "?ca_file=" + authority.ca_file();
    const std::tuple<testing::test_authority::subject, std::string, int, const char*> cases[] = {
        {{}, trusted, 0, "answers, and TLS is trusted"},
        {{}, "", 4, "its certificate is not trusted"},
        {{.alternative_name = "DNS:other.example"}, trusted, 4, "its certificate is not trusted"},
        {{.valid_from = -7200, .valid_until = -3600}, trusted, 4, "its certificate is not trusted"},
    };
    for (const auto& [subject, query, expected, says] : cases) {
        const listener server(secured_by(authority.issue(subject)));
        const auto f = found("EMAIL_URL=smtp://" + server.address() + query, "smtp");
        EXPECT_EQ(code, expected) << out;
        EXPECT_TRUE(text(f, "found").starts_with(says)) << out;
    }
}

} // namespace
} // namespace infra::cli
