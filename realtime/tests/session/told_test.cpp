// What conversations tell of themselves: metrics, spans and log lines, without secrets.
#include "support.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/testing/captured_telemetry.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::realtime {
namespace {

class SessionTold : public Session {
protected:
    std::size_t lines_with(std::string_view part) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(told.lines(), [part](const auto& l) { return l.find(part) != std::string::npos; }));
    }
    testing::captured_telemetry told{"realtime_"};
};

TEST_F(SessionTold, CountsWhatClientsSayAndAreRefusedByNamesOfOurs) {
    the_hub().on_message("note", [](client_id, message) {});
    auto& anna = connect();
    said(anna, {.what = {.type = "ping"}});
    said(anna, {.what = {.type = "note"}});
    said(anna, {.what = {.type = "made up by a client"}});
    anna.say_text("garbage");
    EXPECT_EQ(told.counted("realtime_messages_received_total type=ping"), 1);
    EXPECT_EQ(told.counted("realtime_messages_received_total type=other"), 3);
    EXPECT_EQ(told.counted("realtime_errors_total code=unknown_type"), 1);
    EXPECT_EQ(told.counted("realtime_errors_total code=bad_message"), 1);
    EXPECT_EQ(told.everything().find("made up"), std::string::npos);
}

TEST_F(SessionTold, CountsWhatHasWaitedOnce) {
    the_hub().on_message("slow", [this](client_id, message) -> awaitable<void> { co_await time.sleep_for(1s); });
    auto& anna = connect();
    anna.say(message{.type = "slow"});
    anna.say(subscribe_to("c"));
    anna.say(message{.type = "ping"});
    anna.say_text("garbage");
    settle();
    time.advance(1s);
    settle();
    EXPECT_EQ(told.counted("realtime_messages_received_total type=subscribe"), 1);
    EXPECT_EQ(told.counted("realtime_messages_received_total type=ping"), 1);
    EXPECT_EQ(told.counted("realtime_messages_received_total type=other"), 2);
}

TEST_F(SessionTold, ShowsHandlersInASpanPlainOrNot) {
    the_hub().on_request("plain", [](client_id, message) { return 1; });
    the_hub().on_request("later", [this](client_id, message) -> awaitable<json::value> {
        co_await time.sleep_for(1s);
        telemetry::span inner("inner");
        co_return 1;
    });
    auto& anna = connect();
    said(anna, {.what = {.type = "plain"}, .ref = "1"});
    said(anna, {.what = {.type = "later"}, .ref = "2"});
    time.advance(1s);
    settle();
    const auto lines = told.lines();
    EXPECT_EQ(std::ranges::count(lines, "span: realtime message"), 2);
    EXPECT_EQ(std::ranges::count(lines, "span: inner"), 1);
    EXPECT_EQ(lines_with("messaging.operation.name=later"), 1u);
}

TEST_F(SessionTold, LogsWhatHooksAndHandlersThrowAndNoTokens) {
    auto options = open_options();
    options.authorize = [](access_request) -> bool { throw std::runtime_error("authorize is broken"); };
    options.authenticate = [](handshake) -> identity { throw std::runtime_error("authenticate is broken"); };
    make_hub(options).on_message("x", [](client_id, message) { throw std::runtime_error("the handler is broken"); });
    auto& anna = connect();
    auto m = subscribe_to("c");
    m.token = "secret-of-the-channel";
    said(anna, m);
    said(anna, {.what = {.type = "x"}});
    said(anna, {.what = {.type = "auth"}, .token = "secret-of-the-user"});
    loop.run(authenticate(the_hub(), {.query = "token=secret-in-the-query", .token = "secret-too"}));
    EXPECT_EQ(lines_with("authorize is broken"), 1u);
    EXPECT_EQ(lines_with("the handler is broken"), 1u);
    EXPECT_EQ(lines_with("authenticate is broken"), 2u);
    EXPECT_EQ(told.everything().find("secret"), std::string::npos);
}

} // namespace
} // namespace infra::realtime
