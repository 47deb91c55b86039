#include "src/smtp/outcome.hpp"

#include "tests/smtp/support.hpp"

#include <gtest/gtest.h>

namespace infra::email::smtp {
namespace {

const envelope to_three{.from = "shop@x.org",
                        .to = {{"ann@x.org", "to", 1}, {"bo@x.org", "to", 2}, {"cy@x.org", "cc", 1}}};
const subject of = about("mail.x.org", false, to_three, {"user", "s3cret"});

std::string verdict_on(reply r, step at = step::recipients) { return verdict(refusal(at, r, "it", of)); }

TEST(SmtpOutcome, ReadsWhatARefusalMeans) {
    const std::pair<reply, std::string> table[] = {
        {{421, "bye"}, "unavailable 421 421 later"},
        {{421, "4.7.0 too fast"}, "unavailable 4.7.0 421 later"},
        {{450, "4.2.1 busy"}, "unavailable 4.2.1 450 later"},
        {{451, "4.7.1 greylisted"}, "unavailable 4.7.1 451 later"},
        {{452, "4.5.3 too many"}, "unavailable 4.5.3 452 later"},
        {{454, "no TLS now"}, "unavailable 454 454 later"},
        {{500, "what?"}, "refused 500 500"},
        {{530, "5.7.0 Must issue a STARTTLS command first"}, "unauthorized 5.7.0 530"},
        {{535, "5.7.8 bad password"}, "unauthorized 5.7.8 535"},
        {{534, "5.7.9 weak"}, "unauthorized 5.7.9 534"},
        {{550, "5.7.8 not logged in"}, "unauthorized 5.7.8 550"},
        {{550, "5.1.1 no such user"}, "refused 5.1.1 550"},
        {{550, "no such user"}, "refused 550 550"},
        {{550, "5.4.5 daily quota"}, "quota_exceeded 5.4.5 550"},
        {{551, "moved"}, "refused 551 551"},
        {{552, "too big"}, "too_large 552 552"},
        {{552, "5.3.4 too big"}, "too_large 5.3.4 552"},
        {{552, "5.2.2 mailbox full"}, "refused 5.2.2 552"},
        {{552, "5.7.0 blocked for its content"}, "refused 5.7.0 552"},
        {{554, "5.7.1 spam"}, "refused 5.7.1 554"},
        {{250, "yes?"}, "unavailable protocol 250"},
        {{354, "go on?"}, "unavailable protocol 354"},
    };
    for (const auto& [r, expected] : table)
        EXPECT_EQ(verdict_on(r), expected) << r.code << r.text;
    EXPECT_EQ(verdict_on({554, "5.3.2 no service"}, step::connecting), "unavailable 5.3.2 554");
    EXPECT_EQ(verdict_on({530, "x"}, step::connecting), "unauthorized 530 530");
}

TEST(SmtpOutcome, KnowsWhetherALostAnswerMatters) {
    const subject keeping = about("smtp.resend.com", true, to_three, {});
    const auto table = std::to_array<std::pair<std::string, send_error>>({
        {"unavailable lost 0 later", interrupted(step::connecting, interruption::lost, of)},
        {"unavailable lost 0 later", interrupted(step::content, interruption::lost, of)},
        {"unavailable lost 0 perhaps", interrupted(step::acceptance, interruption::lost, of)},
        {"unavailable lost 0 later perhaps", interrupted(step::acceptance, interruption::lost, keeping)},
        {"timed_out timed_out 0 later", interrupted(step::waiting, interruption::timed_out, of)},
        {"timed_out timed_out 0 later", interrupted(step::content, interruption::timed_out, of)},
        {"timed_out timed_out 0 perhaps", interrupted(step::acceptance, interruption::timed_out, of)},
        {"unavailable protocol 0", interrupted(step::sender, interruption::malformed, of)},
        {"unavailable protocol 0 perhaps", interrupted(step::acceptance, interruption::malformed, of)},
    });
    for (const auto& [expected, failure] : table)
        EXPECT_EQ(verdict(failure), expected) << failure.what();
}

TEST(SmtpOutcome, ReadsWhyThereIsNoConnection) {
    const std::pair<connect_end, std::string> table[] = {
        {{.code = CURLE_OK}, "sent"},
        {{.code = CURLE_OK, .last = {235, ""}, .logs_in = true}, "sent"},
        {{.code = CURLE_OK, .last = {250, "t"}, .logs_in = true}, "unauthorized login 0"},
        {{.code = CURLE_COULDNT_RESOLVE_HOST}, "unavailable dns 0 later"},
        {{.code = CURLE_COULDNT_CONNECT}, "unavailable connect 0 later"},
        {{.code = CURLE_PEER_FAILED_VERIFICATION}, "unavailable tls 0"},
        {{.code = CURLE_SSL_CONNECT_ERROR}, "unavailable tls 0 later"},
        {{.code = CURLE_SSL_CACERT_BADFILE}, "misconfigured tls 0"},
        {{.code = CURLE_USE_SSL_FAILED, .last = {250, "t"}}, "unavailable starttls 0"},
        {{.code = CURLE_USE_SSL_FAILED, .last = {454, "4.3.0 not now"}}, "unavailable 4.3.0 454 later"},
        {{.code = CURLE_USE_SSL_FAILED, .last = {502, "no"}}, "unavailable starttls 0"},
        {{.code = CURLE_LOGIN_DENIED, .last = {535, "5.7.8 no"}}, "unauthorized 5.7.8 535"},
        {{.code = CURLE_LOGIN_DENIED, .last = {454, "4.7.0 later"}}, "unavailable 4.7.0 454 later"},
        {{.code = CURLE_LOGIN_DENIED, .last = {250, "t"}}, "unauthorized login 0"},
        {{.code = CURLE_WEIRD_SERVER_REPLY, .last = {554, "no"}}, "unavailable 554 554"},
        {{.code = CURLE_WEIRD_SERVER_REPLY, .last = {421, "no"}}, "unavailable 421 421 later"},
        {{.code = CURLE_WEIRD_SERVER_REPLY, .last = {220, "go"}}, "unavailable protocol 0"},
        {{.code = CURLE_REMOTE_ACCESS_DENIED, .last = {550, "5.7.1 no"}}, "unavailable 5.7.1 550"},
        {{.code = CURLE_WRITE_ERROR, .malformed = true}, "unavailable protocol 0"},
        {{.code = CURLE_RECV_ERROR}, "unavailable lost 0 later"},
        {{.code = CURLE_OPERATION_TIMEDOUT}, "timed_out timed_out 0 later"},
    };
    for (const auto& [end, expected] : table)
        EXPECT_EQ(verdict(connect_failure(end, of)), expected) << end.code << end.last.code;
}

TEST(SmtpOutcome, SaysWhichRecipientsAndNotWho) {
    const auto judge = [](std::vector<int> codes) {
        std::vector<reply> answers;
        for (const int code : codes)
            answers.push_back({code, std::to_string(code / 100) + ".1.1 <ann@x.org> unknown"});
        return refused_introduction(answers, to_three, of);
    };
    EXPECT_FALSE(judge({250, 250, 250, 250}));
    EXPECT_FALSE(judge({250, 250, 251, 250}));
    EXPECT_STREQ(judge({250, 250, 550, 250})->what(),
                 "smtp: mail.x.org: does not take recipient 2 of to, so nobody got it (550 5.1.1 *** unknown)");
    EXPECT_EQ(verdict(judge({250, 450, 250, 550})), "refused 5.1.1 550") << "the worst decides";
    EXPECT_NE(std::string(judge({250, 450, 250, 550})->what()).find("1 of to, 1 of cc"), std::string::npos);
    EXPECT_EQ(verdict(judge({250, 250, 450, 250})), "unavailable 4.1.1 450 later");
    EXPECT_EQ(verdict(judge({250, 250, 421})), "unavailable 4.1.1 421 later");
    EXPECT_EQ(verdict(judge({550, 503, 503, 503})), "refused 5.1.1 550");
    EXPECT_NE(std::string(judge({550, 503, 503, 503})->what()).find("the sender"), std::string::npos);
}

TEST(SmtpOutcome, LeavesOutWhomAServerNames) {
    const auto hidden =
        about("h", false, {.from = "shop@x.org", .to = {{"ann.lee@x.org"}, {"bo@x.org"}}}, {"user", "s3cret", ""});
    const std::pair<std::string, std::string> table[] = {
        {"5.1.1 <ann.lee@x.org>: unknown", "5.1.1 *** unknown"},
        {"somebody@else.org and a@b", "*** and ***"},
        {"user ANN.LEE is unknown, (bo) too; bo's full; robot", "*** *** is unknown, *** too; bo's full; robot"},
        {"local=ann.lee, pw s3cret!", "*** pw ***"},
        {"line\r\n\x1b[31mtwo\t\xff three", "line [31mtwo three"},
        {"", ""},
    };
    for (const auto& [text, expected] : table)
        EXPECT_EQ(without_secrets(text, hidden.secrets), expected) << text;
    EXPECT_LE(without_secrets(std::string(5000, 'x'), hidden.secrets).size(), 200U);
    EXPECT_LE(without_secrets("a " + std::string(5000, 'x'), hidden.secrets).size(), 200U);
}

// What a server says to AUTH may be what was sent to it.
TEST(SmtpOutcome, RepeatsNothingSaidAtTheLogin) {
    const auto failure =
        connect_failure({.code = CURLE_LOGIN_DENIED, .last = {535, "5.7.8 dXNlcjpzM2NyZXQ= denied"}}, of);
    EXPECT_STREQ(failure->what(), "smtp: mail.x.org: does not let us log in (535 5.7.8); check user, password and tls");
}

} // namespace
} // namespace infra::email::smtp
