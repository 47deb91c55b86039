#include <infra/email/hooks.hpp>

#include "tests/scripted_transport.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

const send_error down{infra::errc::unavailable, "no connection", {.retryable = true}};

/// A hook of a plain function.
template <class F>
before_hook changing(F f) {
    return [f](mail m) -> awaitable<std::optional<mail>> {
        f(m);
        co_return m;
    };
}

const before_hook stopping = [](mail) -> awaitable<std::optional<mail>> { co_return std::nullopt; };

struct Hooks : ::testing::Test, scripted_mail {
    std::vector<std::string> told; ///< what the after hook hears

    void listen() {
        options.after.push_back([this](const mail& m, const delivery& d) {
            told.push_back(m.to[0].email() + (d.failure   ? ": " + d.failure->name()
                                              : d.stopped ? ": stopped"
                                                          : ": sent"));
        });
    }

    mail sent(message m = make_message()) {
        run_on(time, mailer(options).send(std::move(m)));
        return to->calls.back().mails.at(0);
    }
};

TEST_F(Hooks, ChangeMailInTheirOrder) {
    options.before = {changing([](mail& m) { m.subject += "1"; }), changing([](mail& m) { m.subject += "2"; })};
    EXPECT_EQ(sent().subject, "S12");
}

TEST_F(Hooks, OfWhoeverLooksOnAreAddedToAMailer) {
    std::vector<std::string> seen;
    listen();
    to->fail(down);
    const auto watched = mailer(options).with_after([&](const mail& m, const delivery& d) {
        seen.push_back(m.template_name + " in " + std::to_string(d.attempts) + ", " + (d.failure ? "failed" : "sent"));
    });
    run_on(time, watched.send(make_message()));
    EXPECT_EQ(seen, std::vector<std::string>{" in 2, sent"});
    EXPECT_EQ(told, std::vector<std::string>{"ann@example.org: sent"}) << "the first ones are told as ever";
    EXPECT_EQ(watched.options().transport, to);
}

TEST_F(Hooks, RunOnceForAMailNotForEachAttempt) {
    int runs = 0;
    options.before = {changing([&](mail&) { ++runs; })};
    listen();
    to->fail(down);
    to->fail(down);
    sent();
    EXPECT_EQ(to->calls.size(), 3u);
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(told, std::vector<std::string>{"ann@example.org: sent"});
}

TEST_F(Hooks, StopMailWhichIsNoFailure) {
    options.before = {stopping, changing([](mail&) { ADD_FAILURE() << "after it was stopped"; })};
    listen();
    EXPECT_FALSE(run_on(time, mailer(options).send(make_message())).empty());
    const auto done = send_batch({make_message()});
    EXPECT_TRUE(done.at(0).stopped);
    EXPECT_FALSE(done.at(0).failure);
    EXPECT_TRUE(to->calls.empty());
    EXPECT_EQ(told, (std::vector<std::string>{"ann@example.org: stopped", "ann@example.org: stopped"}));
}

TEST_F(Hooks, AreCheckedLikeACaller) {
    struct mistake {
        std::function<void(mail&)> make;
        boost::system::error_code code;
    };
    options.max_bytes = 1000;
    const mistake table[] = {
        {[](mail& m) { m.subject = "a\r\nBcc: b@x.org"; }, errc::bad_header},
        {[](mail& m) { m.headers["X"] = "a\nb"; }, errc::bad_header},
        {[](mail& m) { m.to = {"nobody"}; }, errc::bad_address},
        {[](mail& m) { m.to.clear(); }, errc::bad_address},
        {[](mail& m) { m.attachments = {{.filename = "a", .content = std::string(1001, 'x')}}; }, errc::too_large},
        {[](mail& m) { m.attachments = {{.filename = "a", .file = "/etc/hostname"}}; }, errc::no_attachment},
        {[](mail& m) { m.attachments = {{.filename = "a", .stored = "k"}}; }, errc::no_attachment},
        {[](mail& m) { m.attachments = {{.content = "x"}}; }, errc::no_attachment},
        {[](mail& m) { m.html.clear(), m.text.clear(); }, infra::errc::invalid_input},
        {[](mail& m) { m.topic_id = "t"; }, errc::unsupported},
        {[](mail& m) { m.id = "another"; }, infra::errc::invalid_input},
        {[](mail&) { throw send_error(errc::refused, "a list says no"); }, errc::refused},
    };
    for (const auto& [make, code] : table) {
        options.before = {changing(make)};
        EXPECT_EQ(refusal(make_message()).code(), code);
    }
    options.before = {changing([](mail&) { throw std::runtime_error("a bug"); })};
    EXPECT_STREQ(refusal(make_message()).what(), "a bug");
    EXPECT_TRUE(to->calls.empty());
}

TEST_F(Hooks, AreWithinTheDeadline) {
    options.before = {[this](mail m) -> awaitable<std::optional<mail>> {
        co_await time.sleep_for(1h);
        co_return m;
    }};
    const auto began = time.steady();
    const auto e = refusal(make_message());
    EXPECT_EQ(e.code(), infra::errc::timed_out);
    EXPECT_FALSE(e.uncertain());
    EXPECT_EQ(since(began), options.timeout);
}

TEST_F(Hooks, HearOfFailuresToo) {
    listen();
    to->fail(send_error(errc::refused, "no"));
    refusal(make_message());
    EXPECT_EQ(told, std::vector<std::string>{"ann@example.org: refused"});
}

TEST_F(Hooks, ThatThrowAfterwardsCostNobodyAnything) {
    options.after.push_back([](const mail&, const delivery&) { throw std::runtime_error("a bug"); });
    listen();
    sent();
    EXPECT_EQ(told, std::vector<std::string>{"ann@example.org: sent"});
}

TEST_F(Hooks, RedirectEverythingAndSayWhomItWasFor) {
    options.before = {redirect_to("team@shop.example")};
    auto m = make_message();
    m.to = {"Ann Lee <ann@example.org>", "cy@example.org"};
    m.cc = "bo@example.org";
    m.bcc = "di@example.org";
    const auto redirected = sent(m);
    EXPECT_EQ(redirected.to, std::vector<address>{"team@shop.example"});
    EXPECT_TRUE(redirected.cc.empty());
    EXPECT_TRUE(redirected.bcc.empty());
    EXPECT_EQ(redirected.headers,
              (std::map<std::string, std::string>{{"X-Original-To", "ann@example.org, cy@example.org"},
                                                  {"X-Original-Cc", "bo@example.org"},
                                                  {"X-Original-Bcc", "di@example.org"}}));
    m.bcc = m.cc = {};
    m.to = "ann@example.org";
    m.unsubscribe = unsubscribe{.url = "https://x.org/u/4f2a"};
    EXPECT_EQ(sent(m).headers, (std::map<std::string, std::string>{{"X-Original-To", "ann@example.org"}}));
    EXPECT_THROW(redirect_to({}), std::invalid_argument);
    EXPECT_THROW(redirect_to("nobody"), std::invalid_argument);
}

TEST_F(Hooks, RedirectWhatGoesToFifty) {
    options.before = {redirect_to("team@shop.example")};
    auto m = make_message();
    m.to = std::vector<std::string>(50, std::string(60, 'a') + "@" + std::string(60, 'b') + ".example.org");
    EXPECT_EQ(sent(m).to.size(), 1u);
}

} // namespace
} // namespace infra::email
