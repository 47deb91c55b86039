#include "src/exchange.hpp"

#include "tests/notation.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace infra::redis::detail {
namespace {

std::string refusal(const std::function<void()>& f) {
    try {
        f();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::invalid_input);
        return e.what();
    }
    return "nothing";
}

std::string line(const command& c) {
    std::string out;
    for (const auto each : c.words())
        out += (out.empty() ? "" : " ") + std::string(each);
    return out;
}

reply failure(std::string text) { return reply(std::move(text), reply::kind::error); }
reply text(std::string s) { return reply(std::move(s)); }

TEST(Exchange, RefusesWhatWouldHarmOthersAndSaysWhatToDo) {
    const std::pair<command, const char*> cases[] = {
        {{"SELECT", 1},
         "SELECT changes its connection, which others share; use client::lease, client::transaction or options"},
        {{"multi"}, "multi changes its connection"},
        {{"SUBSCRIBE", "c"}, "SUBSCRIBE would break the order of replies; for messages there is client::subscribe"},
        {{"BLPOP", "k", 1}, "BLPOP blocks its connection and cannot be part of a batch"},
    };
    for (const auto& [c, sentence] : cases) {
        const command commands[] = {command{"GET", "k"}, c};
        EXPECT_EQ(refusal([&] { refuse_unless_shared(commands); }).find(sentence), 0u) << sentence;
    }
    const command fine[] = {command{"GET", "k"}, command{"CLIENT", "LIST"}};
    EXPECT_EQ(refusal([&] { refuse_unless_shared(fine); }), "nothing");
}

TEST(Exchange, LetsSessionsDoWhatTheyWill) {
    const command fine[] = {command{"WATCH", "k"}, command{"SELECT", 1}, command{"BLPOP", "k", 1}};
    EXPECT_EQ(refusal([&] { refuse_in_session(fine); }), "nothing");
    const command not_that[] = {command{"CLIENT", "REPLY", "OFF"}};
    EXPECT_EQ(refusal([&] { refuse_in_session(not_that); }).find("CLIENT would break the order of replies"), 0u);
    const command nested[] = {command{"EXEC"}};
    EXPECT_EQ(refusal([&] { refuse_in_transaction(nested); }), "EXEC cannot be part of a transaction");
}

TEST(Exchange, WaitsForACommandThatBlocksAndTheWay) {
    using namespace std::chrono_literals;
    const steady_time noon{std::chrono::hours(12)};
    const auto limit = [&](std::vector<command> commands, std::optional<deadline> named = {}) {
        return limit_in_session(commands, named, 2s, noon).time() - noon;
    };
    EXPECT_EQ(limit({{"GET", "k"}}), 2s);
    EXPECT_EQ(limit({{"BLPOP", "k", 5}}), 7s);
    EXPECT_EQ(limit({{"BLPOP", "k", 5}, {"GET", "k"}, {"BLPOP", "k", 1}}), 8s) << "one after the other";
    EXPECT_EQ(limit({{"WAIT", 1, 500}}), 2500ms);
    EXPECT_EQ(limit({{"BLPOP", "k", 5}}, deadline(noon + 6s)), 6s);
    EXPECT_EQ(limit({{"WAIT", 1, 0}}, deadline(noon + 1s)), 1s) << "it takes nothing";
    EXPECT_EQ(refusal([&] { limit({{"BLPOP", "k", 5}}, deadline(noon + 4s)); }),
              "BLPOP waits for longer than its deadline, and what it took in between would be lost");
    EXPECT_EQ(refusal([&] { limit({{"WAIT", 1, 0}}); }), "WAIT waits without end; give it a time or a deadline");
}

TEST(Exchange, SendsAScriptInFull) {
    const script s("return ARGV[1]");
    const auto full = in_full(s.call({"k"}, {"a"}).again(replay::idempotent));
    EXPECT_EQ(line(full), "EVAL return ARGV[1] 1 k a");
    EXPECT_EQ(full.declared_replay(), replay::idempotent);
}

TEST(Exchange, MakesTheServerKnowAScriptByItsFirstCall) {
    const script s("return 1"), other("return 2");
    const command commands[] = {s.call({"a"}), command{"GET", "k"}, s.call({"b"}), other.call({})};
    std::string out;
    for (const auto& each : known_from_the_first(commands))
        out += line(each) + "; ";
    EXPECT_EQ(out, "EVAL return 1 1 a; GET k; EVALSHA " + s.sha1() + " 1 b; EVAL return 2 0; ");
}

TEST(Exchange, TakesNothingForUndoneOfWhichAPartIsDone) {
    const auto of = [](boost::system::error_code code) { return partly_executed(error(code, "EVAL failed")); };
    EXPECT_EQ(of(infra::errc::closed).code(), errc::lost);
    EXPECT_EQ(of(infra::errc::timed_out).code(), errc::lost);
    EXPECT_EQ(of(errc::unanswered).code(), errc::unanswered);
    EXPECT_EQ(of(asio::error::operation_aborted).code(), asio::error::operation_aborted);
    EXPECT_STREQ(of(errc::not_connected).what(), "EVAL failed; the rest of its batch has been executed");
}

TEST(Exchange, FindsTheScriptsThatTheServerHasForgotten) {
    const script s("return 1");
    const command commands[] = {command{"GET", "k"}, s.call({}), s.call({}), command{"EVALSHA", "x", 0}};
    const reply replies[] = {text("v"), failure("NOSCRIPT No matching script."), reply(std::int64_t{1}),
                             failure("NOSCRIPT")};
    EXPECT_EQ(unknown_scripts(commands, replies), std::vector<std::size_t>{1}) << "the last is the caller's own affair";
}

TEST(Exchange, WrapsATransaction) {
    const script s("return 1");
    const command commands[] = {command{"INCR", "n"}, s.call({"k"})};
    std::string out;
    for (const auto& each : as_transaction(commands))
        out += line(each) + "; ";
    EXPECT_EQ(out, "MULTI; INCR n; EVAL return 1 1 k; EXEC; ");
}

TEST(Exchange, UnwrapsATransaction) {
    const std::vector<command> sent{command("MULTI"), command{"INCR", "n"}, command("EXEC")};
    std::vector<reply> done{text("OK"), text("QUEUED"), reply(reply::list{reply(std::int64_t{1})})};
    EXPECT_EQ(shown(reply(*result_of_transaction(sent, done))), "[1]");
    std::vector<reply> changed{text("OK"), text("QUEUED"), reply()};
    EXPECT_FALSE(result_of_transaction(sent, changed));
    std::vector<reply> failed_inside{text("OK"), text("QUEUED"), reply(reply::list{failure("WRONGTYPE x")})};
    EXPECT_EQ(result_of_transaction(sent, failed_inside)->front().error_code(), "WRONGTYPE") << "a reply like others";
}

TEST(Exchange, NamesTheCommandForWhichATransactionFails) {
    const std::vector<command> sent{command("MULTI"), command{"INCR"}, command("EXEC")};
    std::vector<reply> refused{text("OK"), failure("ERR wrong number of arguments for 'incr' command"),
                               failure("EXECABORT discarded")};
    try {
        result_of_transaction(sent, refused);
        ADD_FAILURE();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), errc::server);
        EXPECT_STREQ(e.what(), "INCR of a transaction: ERR wrong number of arguments for 'incr' command");
    }
}

} // namespace
} // namespace infra::redis::detail
