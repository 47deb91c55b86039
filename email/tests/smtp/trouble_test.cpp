// A server that drops, delays, refuses and talks nonsense, at each step. Whatever it does, the next mail goes through.

#include "test_authority.hpp"
#include "tests/smtp/server.hpp"
#include "tests/smtp/support.hpp"

#include <infra/base/clock.hpp>

#include <gtest/gtest.h>

#include <map>

namespace infra::email::smtp {
namespace {

using namespace std::chrono_literals;

struct SmtpTrouble : ::testing::Test {
    testing::test_loop loop;
    testing::test_authority authority;
    std::string certificate = authority.issue();
    manual_clock time;

    smtp_options options_for(const test_server& server) {
        return {.host = "127.0.0.1",
                .port = server.port(),
                .ca_file = authority.ca_file(),
                .user = "shop",
                .password = "s3cret",
                .timeout = 10s,
                .home = loop.get_executor(),
                .time = &time};
    }

    server_options tls_server(bool pipelining = false) const {
        return {.certificate = certificate, .pipelining = pipelining};
    }

    static mail mail_to_two() { return make_mail({.to = {"ann@example.org"}, .cc = {"bo@example.org"}}); }

    /// What becomes of a mail when `what` happens at `step` for once, and what the failure says.
    delivery meet(const std::string& step, trouble what, bool pipelining = false, mail m = mail_to_two()) {
        bool met = false;
        const test_server server(loop.get_executor(), tls_server(pipelining), [&](const std::string& at) {
            return at == step && !std::exchange(met, true) ? what : trouble{};
        });
        const auto to = make_smtp_transport(options_for(server));
        const auto got = loop.spawn(deliver_all(to, {std::move(m)}, deadline::never()));
        if (what.what == trouble::kind::silence) {
            loop.until([&] { return server.seen().silent == 1 && time.sleepers() > 0; });
            EXPECT_FALSE(got->done()) << step;
            time.advance(10s);
        }
        loop.until([&] { return got->done(); });
        EXPECT_TRUE(got->value && met) << step << ": " << got->what();
        const auto before = server.seen().messages.size();
        EXPECT_EQ(before, 0U) << step;
        EXPECT_EQ(verdict(loop.get(deliver_all(to, {mail_to_two()}, deadline::never())).at(0)), "sent") << step;
        EXPECT_EQ(server.seen().messages.size(), 1U) << step;
        if (!got->value)
            return {};
        const auto& done = got->value->at(0);
        if (done.failure)
            for (const auto* secret : {"s3cret", "c2hvc", "ann@", "bo@", "shop@"})
                EXPECT_EQ(std::string(done.failure->what()).find(secret), std::string::npos) << done.failure->what();
        return done;
    }
};

const std::vector<std::string> before_the_end = {"greeting", "EHLO",   "STARTTLS", "handshake", "AUTH",
                                                 "MAIL",     "RCPT 1", "RCPT 2",   "DATA",      "body"};

TEST_F(SmtpTrouble, AConnectionThatDropsIsCertainUntilTheMailWasSentWhole) {
    for (const bool pipelining : {false, true}) {
        for (const auto& step : before_the_end)
            if (step != "body")
                EXPECT_EQ(verdict(meet(step, trouble::drop(), pipelining)),
                          step == "handshake" ? "unavailable tls 0 later" : "unavailable lost 0 later")
                    << step;
        EXPECT_EQ(verdict(meet("end", trouble::drop(), pipelining)), "unavailable lost 0 perhaps");
    }
}

TEST_F(SmtpTrouble, AServerThatFallsSilentMeetsTheDeadline) {
    for (const auto& step : before_the_end)
        if (step != "body")
            EXPECT_EQ(verdict(meet(step, trouble::silence())), "timed_out timed_out 0 later") << step;
    EXPECT_EQ(verdict(meet("end", trouble::silence())), "timed_out timed_out 0 perhaps");
}

TEST_F(SmtpTrouble, ARefusalIsWhatItSays) {
    struct row {
        std::string step, text, expected;
    };
    const row table[] = {
        {"greeting", "554 5.3.2 no service here\r\n", "unavailable 5.3.2 554"},
        {"greeting", "421 4.3.2 later\r\n", "unavailable 4.3.2 421 later"},
        {"EHLO", "550 5.7.1 not you\r\n", "unavailable 5.7.1 550"},
        {"EHLO", "421 later\r\n", "unavailable 421 421 later"},
        {"STARTTLS", "454 4.3.0 TLS not now\r\n", "unavailable 4.3.0 454 later"},
        {"STARTTLS", "502 what?\r\n", "unavailable starttls 0"},
        {"AUTH", "535 5.7.8 no such user shop / c2hvcA== s3cret\r\n", "unauthorized 5.7.8 535"},
        {"AUTH", "454 4.7.0 not now\r\n", "unavailable 4.7.0 454 later"},
        {"AUTH", "421 4.7.0 not now\r\n", "unavailable 4.7.0 421 later"},
        {"MAIL", "530 5.7.0 Must issue a STARTTLS command first\r\n", "unauthorized 5.7.0 530"},
        {"MAIL", "550 5.7.1 shop@x.org is not yours\r\n", "refused 5.7.1 550"},
        {"MAIL", "552 5.3.4 too big\r\n", "too_large 5.3.4 552"},
        {"MAIL", "451 4.3.0 later\r\n", "unavailable 4.3.0 451 later"},
        {"MAIL", "421 4.3.2 later\r\n", "unavailable 4.3.2 421 later"},
        {"RCPT 1", "550 5.1.1 <ann@example.org> unknown\r\n", "refused 5.1.1 550"},
        {"RCPT 2", "550-5.1.1 ann@example.org\r\n550 5.1.1 bo@example.org\r\n", "refused 5.1.1 550"},
        {"RCPT 2", "452 4.5.3 too many\r\n", "unavailable 4.5.3 452 later"},
        {"RCPT 2", "421 bye\r\n", "unavailable 421 421 later"},
        {"DATA", "554 5.5.1 no valid recipients\r\n", "refused 5.5.1 554"},
        {"DATA", "451 later\r\n", "unavailable 451 451 later"},
        {"DATA", "250 what?\r\n", "unavailable protocol 250"},
        {"end", "550 5.7.1 spam from shop@x.org\r\n", "refused 5.7.1 550"},
        {"end", "552 5.2.2 full\r\n", "refused 5.2.2 552"},
        {"end", "451 4.7.1 greylisted\r\n", "unavailable 4.7.1 451 later"},
        {"end", "421 4.3.2 later\r\n", "unavailable 4.3.2 421 later"},
        {"end", "354 what?\r\n", "unavailable protocol 0 perhaps"},
    };
    for (const auto& [step, text, expected] : table)
        for (const bool pipelining : {false, true})
            for (const bool then_drop : {false, true})
                EXPECT_EQ(verdict(meet(step, trouble::say(text, then_drop), pipelining)), expected) << step << text;
}

TEST_F(SmtpTrouble, NonsenseIsNoAnswer) {
    std::string many = "250-a\r\n";
    while (many.size() < 100'000)
        many += "250-again and again and again and again and again and again and again\r\n";
    for (const auto& text : {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"), std::string("\r\n"),
                             std::string("\0\xff\r\n", 4), std::string("250-a\r\n550 b\r\n"), many}) {
        for (const auto& step : before_the_end) {
            const bool libcurls_limit = step == "EHLO" && text == many; // which it takes for the end
            if (step != "handshake" && step != "body")
                EXPECT_EQ(verdict(meet(step, trouble::say(text))),
                          libcurls_limit ? "unavailable lost 0 later" : "unavailable protocol 0")
                    << step << text.substr(0, 20);
        }
        EXPECT_EQ(verdict(meet("end", trouble::say(text))), "unavailable protocol 0 perhaps");
    }
}

TEST_F(SmtpTrouble, ALineWithoutEndIsNotReadForEver) {
    const auto endless = trouble::say("250-" + std::string(100'000, 'x'));
    for (const auto* step : {"MAIL", "RCPT 1", "RCPT 2", "DATA"})
        EXPECT_EQ(verdict(meet(step, endless)), "unavailable protocol 0") << step;
    EXPECT_EQ(verdict(meet("end", endless)), "unavailable protocol 0 perhaps");
}

// Answers before they are asked for would answer what comes next; the last of them would be a mail accepted that was never sent.
TEST_F(SmtpTrouble, AnswersAheadOfTimeAreNotBelieved) {
    const std::string yes = "250 ok\r\n";
    EXPECT_EQ(verdict(meet("MAIL", trouble::say(yes + yes))), "unavailable protocol 0");
    EXPECT_EQ(verdict(meet("RCPT 2", trouble::say(yes + yes))), "unavailable protocol 0");
    EXPECT_EQ(verdict(meet("RCPT 2", trouble::say(yes + "354 go\r\n" + yes))), "unavailable protocol 0");
    EXPECT_EQ(verdict(meet("RCPT 2", trouble::say(yes + "354 go\r\n" + yes), true)), "unavailable protocol 0");
    EXPECT_EQ(verdict(meet("DATA", trouble::say("354 go\r\n" + yes))), "unavailable protocol 0");
    EXPECT_EQ(verdict(meet("STARTTLS", trouble::say("220 go\r\n250 injected\r\n"))), "unavailable protocol 0");
}

// --- TLS ---------------------------------------------------------------------------------------------------------

TEST_F(SmtpTrouble, AServerWithoutTlsIsToldNothing) {
    const test_server server(loop.get_executor(), {.extensions = "AUTH PLAIN"});
    const auto to = make_smtp_transport(options_for(server));
    const auto done = loop.get(deliver_all(to, {make_mail()}, deadline::never())).at(0);
    EXPECT_EQ(verdict(done), "unavailable starttls 0");
    EXPECT_STREQ(done.failure->what(),
                 "smtp: 127.0.0.1: offers no TLS (STARTTLS), and without it nothing is sent; use smtps:// "
                 "if it takes that");
    EXPECT_FALSE(server.heard("AUTH") || server.heard("MAIL"));
}

TEST_F(SmtpTrouble, ACertificateThatIsNotForTheHostIsRefused) {
    const std::pair<std::string, testing::test_authority::subject> table[] = {
        {"another host", {.alternative_name = "DNS:mail.example.org"}},
        {"expired", {.valid_from = -7200, .valid_until = -3600}},
        {"not yet valid", {.valid_from = 3600, .valid_until = 7200}},
    };
    for (const bool implicit : {false, true}) {
        const auto verdict_on = [&](const std::string& file, const std::string& ca) {
            const test_server server(loop.get_executor(), {.certificate = file, .implicit_tls = implicit});
            auto o = options_for(server);
            o.ca_file = ca;
            o.tls = implicit ? smtp_tls::implicit : smtp_tls::starttls;
            const auto done = loop.get(deliver_all(make_smtp_transport(o), {make_mail()}, deadline::never())).at(0);
            EXPECT_FALSE(server.heard("AUTH") || server.heard("MAIL"));
            return verdict(done);
        };
        for (const auto& [why, subject] : table)
            EXPECT_EQ(verdict_on(authority.issue(subject), authority.ca_file()), "unavailable tls 0") << why;
        EXPECT_EQ(verdict_on(certificate, authority.ca_file() + ".gone"), "misconfigured tls 0")
            << "a file that is gone";
        const testing::test_authority other;
        EXPECT_EQ(verdict_on(certificate, other.ca_file()), "unavailable tls 0") << "another authority";
        EXPECT_EQ(verdict_on(certificate, ""), "unavailable tls 0") << "the system's authorities";
    }
}

TEST_F(SmtpTrouble, APortInTheClearIsNoTls) {
    const test_server server(loop.get_executor(), {});
    auto o = options_for(server);
    o.tls = smtp_tls::implicit;
    EXPECT_EQ(verdict(loop.get(deliver_all(make_smtp_transport(o), {make_mail()}, deadline::never())).at(0)),
              "unavailable tls 0 later");
}

TEST_F(SmtpTrouble, AUserWhoCannotLogInSendsNothing) {
    for (const std::string offered : {"", "AUTH CRAM-MD5 GSSAPI", "AUTH"}) {
        auto o = tls_server();
        o.extensions = offered;
        const test_server server(loop.get_executor(), o);
        const auto done =
            loop.get(deliver_all(make_smtp_transport(options_for(server)), {make_mail()}, deadline::never())).at(0);
        EXPECT_EQ(verdict(done), "unauthorized login 0") << offered;
        EXPECT_FALSE(server.heard("MAIL"));
    }
}

// --- The body ----------------------------------------------------------------------------------------------------

struct SmtpBody : SmtpTrouble {
    static mail large() {
        return make_mail({.attachments = {{.filename = "a.bin", .content = std::string(12'000'000, 'x')}}});
    }

    delivery meet_in_the_body(trouble what) {
        auto o = tls_server();
        o.tiny_window = true;
        bool met = false;
        const test_server server(loop.get_executor(), o, [&](const std::string& at) {
            return at == "body" && !std::exchange(met, true) ? what : trouble{};
        });
        const auto to = make_smtp_transport(options_for(server));
        const auto got = loop.spawn(deliver_all(to, {large()}, deadline::never()));
        if (what.what == trouble::kind::silence) {
            loop.until([&] { return server.seen().silent == 1; });
            time.advance(10s);
        }
        loop.until([&] { return got->done(); });
        EXPECT_EQ(verdict(loop.get(deliver_all(to, {make_mail()}, deadline::never())).at(0)), "sent");
        return got->value->at(0);
    }
};

TEST_F(SmtpBody, CutShortIsCertain) {
    EXPECT_EQ(verdict(meet_in_the_body(trouble::drop())), "unavailable lost 0 later");
}

TEST_F(SmtpBody, IsNotSentOnOnceTheServerHasRefusedIt) {
    EXPECT_EQ(verdict(meet_in_the_body(trouble::say("552 5.3.4 too big\r\n"))), "too_large 5.3.4 552");
    EXPECT_EQ(verdict(meet_in_the_body(trouble::say("451 4.3.0 disk full\r\n", true))), "unavailable 4.3.0 451 later");
    EXPECT_EQ(verdict(meet_in_the_body(trouble::say("250 ok, enough\r\n"))), "unavailable protocol 0");
}

// --- Connections that were kept ------------------------------------------------------------------------------------

TEST_F(SmtpTrouble, AKeptConnectionThatHasEndedCostsNothing) {
    for (const auto& what :
         {trouble::drop(), trouble::say("421 4.4.2 timeout\r\n"), trouble::say("421 4.4.2 timeout\r\n", true)}) {
        int mails = 0;
        const test_server server(loop.get_executor(), tls_server(), [&](const std::string& at) {
            return at == "MAIL" && ++mails == 2 ? what : trouble{};
        });
        const auto to = make_smtp_transport(options_for(server));
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(verdict(loop.get(deliver_all(to, {make_mail()}, deadline::never())).at(0)), "sent");
        EXPECT_EQ(server.seen().accepted, 2);
        EXPECT_EQ(server.seen().messages.size(), 3U);
    }
}

TEST_F(SmtpTrouble, ARefusedMailDoesNotCostTheConnection) {
    int recipients = 0;
    const test_server server(loop.get_executor(), tls_server(), [&](const std::string& at) {
        return at == "RCPT 1" && ++recipients == 1 ? trouble::say("550 5.1.1 unknown\r\n") : trouble{};
    });
    const auto to = make_smtp_transport(options_for(server));
    EXPECT_EQ(verdict(loop.get(deliver_all(to, {make_mail()}, deadline::never())).at(0)), "refused 5.1.1 550");
    EXPECT_FALSE(server.heard("RSET"));
    EXPECT_EQ(verdict(loop.get(deliver_all(to, {make_mail()}, deadline::never())).at(0)), "sent");
    EXPECT_TRUE(server.heard("RSET"));
    EXPECT_EQ(server.seen().accepted, 1);
}

TEST_F(SmtpTrouble, NobodyListensOrNoSuchHost) {
    auto o =
        smtp_options{.host = "127.0.0.1", .port = 1, .tls = smtp_tls::none, .home = loop.get_executor(), .time = &time};
    EXPECT_EQ(verdict(loop.get(deliver_all(make_smtp_transport(o), {make_mail()}, deadline::never())).at(0)),
              "unavailable connect 0 later");
    o.host = "no-such-host.invalid";
    EXPECT_EQ(verdict(loop.get(deliver_all(make_smtp_transport(o), {make_mail()}, deadline::never())).at(0)),
              "unavailable dns 0 later");
}

} // namespace
} // namespace infra::email::smtp
