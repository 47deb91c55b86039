// The transport and a server that behaves.

#include "test_authority.hpp"
#include "tests/smtp/server.hpp"
#include "tests/smtp/support.hpp"

#include <infra/email/mime.hpp>
#include <infra/runtime/event_loop.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace infra::email::smtp {
namespace {

using namespace std::chrono_literals;

struct SmtpTransport : ::testing::Test {
    testing::test_loop loop;
    testing::test_authority authority;
    std::string certificate = authority.issue();

    smtp_options options_for(const test_server& server, smtp_options o = {}) {
        o.host = "127.0.0.1";
        o.port = server.port();
        o.ca_file = authority.ca_file();
        o.home = loop.get_executor();
        return o;
    }
    std::vector<delivery> send(const std::shared_ptr<transport>& to, std::vector<mail> all) {
        return loop.get(deliver_all(to, std::move(all), deadline::after(20s)));
    }
    delivery send(const std::shared_ptr<transport>& to, mail m = make_mail()) {
        return send(to, std::vector<mail>{std::move(m)}).at(0);
    }
};

std::string said(const test_server& server) {
    std::string all;
    for (const auto& each : server.seen().commands)
        all.append(each).append("|");
    return all;
}

TEST_F(SmtpTransport, SpeaksTlsBeforeItSaysAnything) {
    const test_server server(loop.get_executor(), {.certificate = certificate});
    const auto to = make_smtp_transport(options_for(server, {.user = "shop", .password = "pw", .hello = "me.x.org"}));
    const auto done = send(to);
    EXPECT_EQ(verdict(done), "sent");
    EXPECT_EQ(done.id, make_mail().id);
    EXPECT_EQ(said(server), "EHLO me.x.org|STARTTLS|(TLS)|EHLO me.x.org|AUTH PLAIN AHNob3AAcHc=|MAIL "
                            "FROM:<shop@x.org>|RCPT TO:<ann@example.org>|DATA|");
    ASSERT_EQ(server.seen().messages.size(), 1U);
    EXPECT_EQ(server.seen().messages[0], to_mime(make_mail()));
}

TEST_F(SmtpTransport, SpeaksImplicitTls) {
    const test_server server(loop.get_executor(),
                             {.certificate = certificate, .implicit_tls = true, .extensions = "AUTH LOGIN"});
    const auto to =
        make_smtp_transport(options_for(server, {.tls = smtp_tls::implicit, .user = "shop", .password = "pw"}));
    EXPECT_EQ(verdict(send(to)), "sent");
    EXPECT_TRUE(server.heard("AUTH LOGIN")) << said(server);
    EXPECT_EQ(server.seen().commands.at(0), "(TLS)");
}

TEST_F(SmtpTransport, LogsInWithAToken) {
    const test_server server(loop.get_executor(), {.certificate = certificate});
    const auto to = make_smtp_transport(options_for(server, {.user = "shop", .token = "tok"}));
    EXPECT_EQ(verdict(send(to)), "sent");
    EXPECT_TRUE(server.heard("AUTH XOAUTH2 dXNlcj1zaG9wAWF1dGg9QmVhcmVyIHRvawEB")) << said(server);
}

TEST_F(SmtpTransport, SpeaksInTheClearOnlyWhenAsked) {
    const test_server server(loop.get_executor(), {});
    EXPECT_EQ(verdict(send(make_smtp_transport(options_for(server, {.tls = smtp_tls::none})))), "sent");
    const auto with_password = options_for(
        server, {.tls = smtp_tls::none, .user = "u", .password = "p", .insecure_password_in_the_clear = true});
    EXPECT_EQ(verdict(send(make_smtp_transport(with_password))), "sent");
    EXPECT_EQ(server.seen().messages.size(), 2U);
}

TEST_F(SmtpTransport, SaysWhoTheMailIsForAndHidesBlindCopies) {
    for (const bool pipelining : {false, true}) {
        const test_server server(loop.get_executor(), {.pipelining = pipelining});
        const auto to = make_smtp_transport(options_for(server, {.tls = smtp_tls::none}));
        EXPECT_EQ(verdict(send(to, make_mail({.to = {"a@x.org"}, .cc = {"b@x.org"}, .bcc = {"c@x.org"}}))), "sent");
        for (const auto* each : {"RCPT TO:<a@x.org>", "RCPT TO:<b@x.org>", "RCPT TO:<c@x.org>"})
            EXPECT_TRUE(server.heard(each)) << said(server);
        EXPECT_EQ(server.seen().messages.at(0).find("c@x.org"), std::string::npos);
    }
}

TEST_F(SmtpTransport, CarriesLinesThatBeginWithDots) {
    const test_server server(loop.get_executor(), {});
    const auto to = make_smtp_transport(options_for(server, {.tls = smtp_tls::none}));
    const auto m = make_mail({.text = ".\n..\n.a\n\n.\nQUIT\n."});
    EXPECT_EQ(verdict(send(to, m)), "sent");
    EXPECT_EQ(server.seen().messages.at(0), to_mime(m));
    EXPECT_NE(server.seen().wire.find("\r\n..\r\n"), std::string::npos);
}

TEST_F(SmtpTransport, CarriesMegabytes) {
    const test_server server(loop.get_executor(), {.certificate = certificate});
    const auto to = make_smtp_transport(options_for(server));
    const auto m = make_mail({.attachments = {{.filename = "a.bin", .content = std::string(3'000'000, 'x')}}});
    EXPECT_EQ(verdict(send(to, m)), "sent");
    EXPECT_TRUE(server.seen().messages.at(0) == to_mime(m));
}

// --- Connections -------------------------------------------------------------------------------------------------

TEST_F(SmtpTransport, KeepsItsConnectionForTheNextMail) {
    const test_server server(loop.get_executor(), {.certificate = certificate});
    const auto to = make_smtp_transport(options_for(server));
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(verdict(send(to)), "sent");
    EXPECT_EQ(server.seen().accepted, 1);
    EXPECT_EQ(server.seen().messages.size(), 5U);
}

TEST_F(SmtpTransport, SendsABatchOverAFewConnectionsEachMailByItself) {
    const test_server server(loop.get_executor(), {}, [](const std::string&) { return trouble{}; });
    const auto to = make_smtp_transport(options_for(server, {.tls = smtp_tls::none, .connections = 3}));
    std::vector<mail> all(100, make_mail());
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i].id = "id-" + std::to_string(i);
    all[7].to = {address::named("", "not an address")};
    const auto done = send(to, all);
    ASSERT_EQ(done.size(), 100U);
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(i == 7 ? verdict(done[i]) : done[i].id, i == 7 ? "bad_address bad_address 0" : all[i].id);
    EXPECT_EQ(server.seen().accepted, 3);
    EXPECT_EQ(server.seen().messages.size(), 99U);
}

TEST_F(SmtpTransport, ClosesWhatIsIdleWithAGoodbye) {
    const test_server server(loop.get_executor(), {});
    const auto to = make_smtp_transport(options_for(server, {.tls = smtp_tls::none, .max_idle = 20ms}));
    EXPECT_EQ(verdict(send(to)), "sent");
    loop.until([&] { return server.seen().open == 0; });
    EXPECT_EQ(server.seen().commands.back(), "QUIT");
    EXPECT_EQ(verdict(send(to)), "sent");
    EXPECT_EQ(server.seen().accepted, 2);
}

TEST_F(SmtpTransport, ClosesAllWhenItEnds) {
    const test_server server(loop.get_executor(), {.certificate = certificate});
    auto to = make_smtp_transport(options_for(server));
    EXPECT_EQ(verdict(send(to, std::vector<mail>(8, make_mail())).at(7)), "sent");
    EXPECT_EQ(server.seen().open, 4);
    to.reset();
    loop.until([&] { return server.seen().open == 0; });
}

TEST_F(SmtpTransport, DoesNotTakeMoreThanItsBound) {
    const test_server server(loop.get_executor(), {},
                             [](const std::string& at) { return at == "greeting" ? trouble::silence() : trouble{}; });
    manual_clock time;
    const auto to = make_smtp_transport(
        options_for(server, {.tls = smtp_tls::none, .connections = 1, .max_waiting = 2, .time = &time}));
    const auto first = loop.spawn(deliver_all(to, {make_mail()}, deadline::after(5s, time.steady())));
    loop.until([&] { return server.seen().silent == 1; });
    const auto second = loop.spawn(deliver_all(to, {make_mail()}, deadline::after(3s, time.steady())));
    loop.until([&] { return time.sleepers() == 2; });
    EXPECT_EQ(verdict(send(to)), "overloaded overloaded 0 later");
    time.advance(3s);
    loop.until([&] { return second->done(); });
    EXPECT_STREQ(second->value->at(0).failure->what(),
                 "smtp: 127.0.0.1: time ran out while waiting for a free connection");
    EXPECT_FALSE(first->done());
    time.advance(2s);
    loop.until([&] { return first->done(); });
    EXPECT_EQ(verdict(first->value->at(0)), "timed_out timed_out 0 later");
}

TEST_F(SmtpTransport, TellsTheKeyWhereItIsKept) {
    const test_server server(loop.get_executor(), {});
    const auto to = make_smtp_transport(options_for(server, {.tls = smtp_tls::none, .key_header = "X-Key"}));
    EXPECT_EQ(verdict(send(to, make_mail({.idempotency_key = "order-7"}))), "sent");
    EXPECT_NE(server.seen().messages.at(0).find("\r\nX-Key: order-7\r\n"), std::string::npos);
}

TEST_F(SmtpTransport, RefusesBeforeTheServerDoesWhatIsOverItsSize) {
    const test_server server(loop.get_executor(), {.extensions = "SIZE 1000"});
    const auto to = make_smtp_transport(options_for(server, {.tls = smtp_tls::none}));
    EXPECT_EQ(verdict(send(to, make_mail({.text = std::string(2000, 'x')}))), "too_large too_large 0");
    EXPECT_FALSE(server.heard("MAIL"));
    EXPECT_EQ(verdict(send(to)), "sent");
    EXPECT_EQ(server.seen().accepted, 1);
    EXPECT_TRUE(server.heard("MAIL FROM:<shop@x.org> SIZE="));
}

// --- Threads -----------------------------------------------------------------------------------------------------

TEST_F(SmtpTransport, ServesOtherLoopsAndTheirCancellations) {
    event_loops loops(3);
    const test_server server(loops[0].get_executor(), {.pipelining = true});
    loops.start();
    auto o = options_for(server, {.tls = smtp_tls::none});
    o.home = loops[1].get_executor();
    auto to = make_smtp_transport(o);
    std::vector<std::future<std::vector<delivery>>> all;
    std::vector<std::shared_ptr<asio::cancellation_signal>> signals;
    for (int i = 0; i < 60; ++i) {
        const auto stop = signals.emplace_back(std::make_shared<asio::cancellation_signal>());
        std::promise<std::vector<delivery>> done;
        all.push_back(done.get_future());
        const auto kept = std::make_shared<std::promise<std::vector<delivery>>>(std::move(done));
        const auto ex = loops[i % 2 ? 2 : 1].get_executor();
        asio::post(ex, [=] {
            asio::co_spawn(
                ex, deliver_all(to, std::vector<mail>(2, make_mail()), deadline::after(20s)),
                asio::bind_cancellation_slot(stop->slot(), [kept](std::exception_ptr e, std::vector<delivery> got) {
                    e ? kept->set_exception(e) : kept->set_value(std::move(got));
                }));
            asio::post(ex, [=] {
                if (i % 3 == 0)
                    stop->emit(asio::cancellation_type::terminal);
            });
        });
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        try {
            const auto got = all[i].get();
            EXPECT_EQ(verdict(got.at(0)) + verdict(got.at(1)), "sentsent");
        } catch (const boost::system::system_error& e) {
            EXPECT_TRUE(i % 3 == 0 && e.code() == asio::error::operation_aborted) << e.what();
        }
    }
    to.reset();
    loops.stop();
}

TEST_F(SmtpTransport, IsCancelledAtAnyMoment) {
    bool finished = false;
    for (int steps = 0; !finished; ++steps) {
        const test_server server(loop.get_executor(), {.certificate = certificate});
        const auto to = make_smtp_transport(options_for(server, {.user = "u", .password = "p"}));
        asio::cancellation_signal stop;
        const auto got = loop.spawn(deliver_all(to, {make_mail()}, deadline::after(20s)), stop.slot());
        for (int i = 0; i < steps && !got->done(); ++i) {
            loop.io.restart();
            loop.io.run_one_for(1s);
        }
        finished = got->done();
        if (!finished)
            loop.cancel(stop);
        loop.until([&] { return got->done(); });
        EXPECT_TRUE(got->value || got->code() == asio::error::operation_aborted) << got->what();
        EXPECT_EQ(verdict(send(to)), "sent");
    }
}

} // namespace
} // namespace infra::email::smtp
