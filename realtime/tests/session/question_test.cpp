// hub::request: the server asks.
#include "support.hpp"

#include <infra/testing/captured_telemetry.hpp>

#include <stdexcept>

namespace infra::realtime {
namespace {

class SessionQuestion : public Session {
protected:
    std::shared_ptr<testing::outcome<json::value>> ask(const test_client& whom, message question = {.type = "ready?"}) {
        auto done = loop.spawn(the_hub().request(whom.id(), std::move(question), deadline::after(10s, time.steady())));
        settle();
        return done;
    }
};

TEST_F(SessionQuestion, IsAnsweredByItsRef) {
    auto& anna = connect();
    const auto first = ask(anna, {"ready?", "room:1", 1}), second = ask(anna);
    const auto heard = anna.heard();
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(heard[0], (message{"ready?", "room:1", 1}));
    anna.say({.what = {"reply", "", 2}, .ref = heard[1].ref});
    anna.say({.what = {"reply", "", 1}, .ref = heard[0].ref});
    settle();
    EXPECT_EQ(first->value, json::value(1));
    EXPECT_EQ(second->value, json::value(2));
}

TEST_F(SessionQuestion, ThrowsWhatTheClientSays) {
    auto& anna = connect();
    const auto asked = ask(anna);
    anna.say({.what = {"error", "", {{"code", "busy"}, {"message", "not now"}}}, .ref = only(anna.heard()).ref});
    settle();
    EXPECT_EQ(asked->code(), errc::failed);
    EXPECT_EQ(asked->what(), "not now");
}

TEST_F(SessionQuestion, HasADeadlineAndALateAnswerMeansNothing) {
    auto& anna = connect();
    const auto asked = ask(anna);
    time.advance(10s);
    settle();
    EXPECT_EQ(asked->code(), infra::errc::timed_out);
    EXPECT_TRUE(said(anna, {.what = {"reply", "", 1}, .ref = anna.heard().at(0).ref}).empty());
    EXPECT_EQ(anna.closed(), std::nullopt);
}

TEST_F(SessionQuestion, EndsWhenTheClientGoes) {
    auto& anna = connect();
    const auto asked = ask(anna);
    anna.drop();
    settle();
    EXPECT_EQ(asked->code(), errc::no_reply);
    EXPECT_EQ(ask(anna)->code(), errc::no_client);
}

TEST_F(SessionQuestion, IsTimedByWhatBecomesOfIt) {
    const testing::captured_telemetry told("realtime_request_seconds");
    auto& anna = connect();
    const auto ref_of = [&] { return only(anna.heard()).ref; };
    const auto timed = [&](const std::string& result) {
        return told.counted("realtime_request_seconds hub=default result=" + result);
    };
    ask(anna);
    anna.say({.what = {.type = "reply"}, .ref = ref_of()});
    settle();
    EXPECT_EQ(timed("answered"), 1);
    ask(anna);
    anna.say({.what = {.type = "error"}, .ref = ref_of()});
    settle();
    EXPECT_EQ(timed("refused"), 1);
    ask(anna);
    time.advance(10s);
    settle();
    EXPECT_EQ(timed("unanswered"), 1);
    ask(anna);
    anna.drop();
    settle();
    EXPECT_EQ(timed("unanswered"), 2);
    EXPECT_EQ(timed("answered"), 1);
}

TEST_F(SessionQuestion, IsAnsweredByNobodyElse) {
    auto& anna = connect();
    auto& bert = connect();
    const auto asked = ask(anna);
    const auto ref = only(anna.heard()).ref;
    said(bert, {.what = {"reply", "", "bert"}, .ref = ref});
    EXPECT_FALSE(asked->done());
    said(anna, {.what = {"reply", "", "anna"}, .ref = ref});
    EXPECT_EQ(asked->value, json::value("anna"));
}

TEST_F(SessionQuestion, MayBeAskedByAHandlerOfTheSameClient) {
    auto& hub = the_hub();
    hub.on_request("order", [&hub, this](client_id from, message) -> awaitable<json::value> {
        co_return co_await hub.request(from, {.type = "sure?"}, deadline::after(10s, time.steady()));
    });
    auto& anna = connect();
    const auto question = only(said(anna, {.what = {.type = "order"}, .ref = "o"}));
    EXPECT_EQ(question.type, "sure?");
    const auto reply = only(said(anna, {.what = {"reply", "", true}, .ref = question.ref}));
    EXPECT_EQ(reply, (message{.type = "reply", .data = true}));
    EXPECT_EQ(reply.ref, "o");
}

TEST_F(SessionQuestion, CanBeTakenBack) {
    auto& anna = connect();
    asio::cancellation_signal cancel;
    const auto asked = loop.spawn(the_hub().request(anna.id(), {.type = "ready?"}, deadline::after(10s, time.steady())),
                                  cancel.slot());
    settle();
    loop.cancel(cancel);
    settle();
    EXPECT_EQ(asked->code(), asio::error::operation_aborted);
    EXPECT_TRUE(said(anna, {.what = {"reply", "", 1}, .ref = anna.heard().at(0).ref}).empty());
}

TEST_F(SessionQuestion, AreBounded) {
    auto options = open_options();
    options.limits.max_pending_requests = 2;
    make_hub(options);
    auto& anna = connect();
    const auto one = ask(anna), two = ask(anna);
    EXPECT_EQ(ask(anna)->code(), infra::errc::overloaded);
    said(anna, {.what = {"reply", "", 1}, .ref = anna.heard().at(0).ref});
    EXPECT_TRUE(one->done());
    EXPECT_FALSE(ask(anna)->done());
}

TEST_F(SessionQuestion, HasATypeOfItsOwn) {
    auto& anna = connect();
    for (const auto* type : {"", "reply", "gap"})
        EXPECT_THROW(loop.get(the_hub().request(anna.id(), {.type = type})), std::invalid_argument);
}

} // namespace
} // namespace infra::realtime
