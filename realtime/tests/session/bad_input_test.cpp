#include "support.hpp"

namespace infra::realtime {
namespace {

class SessionBadInput : public Session {
protected:
    std::vector<heard_message> said_text(test_client& by, std::string_view text) {
        by.say_text(text);
        settle();
        return by.heard();
    }
};

TEST_F(SessionBadInput, IsAnsweredAndNothingElseHappens) {
    auto& anna = connect();
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("\0\0", 2), std::string("\xff\xfe\x00", 3), std::string("[]"),
          std::string("null"), std::string("7"), std::string("{}"), std::string(R"({"type":7})"),
          std::string(R"({"type":"subscribe","channel":["c"]})"), std::string(R"({"type":"subscribe","since":"e:1"})"),
          std::string(R"({"type":"x"}{"type":"x"})"), std::string(60'000, '['), std::string(60'000, '{'),
          R"({"type":"x","data":)" + std::string(20'000, '[') + std::string(20'000, ']') + "}"}) {
        EXPECT_EQ(names(said_text(anna, text)), name_list{"error:bad_message"}) << text.substr(0, 40);
        EXPECT_EQ(names(said(anna, {.what = {.type = "ping"}})), name_list{"pong"});
    }
    EXPECT_EQ(anna.closed(), std::nullopt);
}

TEST_F(SessionBadInput, TenTimesInARowEndsTheConnection) {
    auto& anna = connect();
    for (int i = 0; i < 9; ++i)
        anna.say_text("garbage");
    EXPECT_EQ(anna.closed(), std::nullopt);
    anna.say_text("garbage");
    settle();
    EXPECT_EQ(anna.closed(), close_code::bad_message);
}

TEST_F(SessionBadInput, NamesTheMemberAndCarriesTheRef) {
    auto& anna = connect();
    const auto told = only(said_text(anna, R"({"type":"subscribe","channel":5,"ref":"r"})"));
    EXPECT_EQ(told.data.at("message"), R"("channel" must be a string)");
    EXPECT_EQ(told.ref, "r");
    EXPECT_EQ(only(said_text(anna, R"({"type":"x","ref":")" + std::string(50'000, 'r') + "\"}")).ref, "");
}

TEST_F(SessionBadInput, OfChannelNamesIsRefused) {
    auto& anna = connect();
    for (const auto& name : {std::string(), std::string("a\0b", 3), std::string("a\nb"), std::string("\x7f"),
                             std::string(256, 'c'), std::string(60'000, 'c')})
        for (const auto* type : {"subscribe", "presence", "history"})
            EXPECT_EQ(names(said(anna, {.what = {.type = type, .channel = name}})), name_list{"error:bad_message"})
                << type << ' ' << name.size();
    EXPECT_EQ(names(said_text(anna, R"({"type":"subscribe","channel":"a\u0000b"})")), name_list{"error:bad_message"});
    EXPECT_TRUE(the_hub().get_channels().empty());
    EXPECT_EQ(names(said(anna, subscribe_to(std::string(255, 'c')))), name_list{"subscribed"});
}

TEST_F(SessionBadInput, OfTenThousandSubscribesIsBounded) {
    auto options = open_options();
    options.limits.messages_per_second = 1e6;
    options.limits.message_burst = 100'000;
    make_hub(options);
    auto& anna = connect();
    for (int i = 0; i < 10'000; ++i)
        anna.say(subscribe_to("c" + std::to_string(i)));
    settle();
    EXPECT_EQ(anna.heard("subscribed").size(), 128u);
    EXPECT_EQ(the_hub().get_channels().size(), 128u);
    const auto refused = anna.heard();
    EXPECT_EQ(refused.size(), 9'872u);
    EXPECT_EQ(names({refused.back()}), name_list{"error:too_many_channels"});
    EXPECT_EQ(names(said(anna, subscribe_to("c5"))), name_list{"subscribed"}) << "it has that one";
    said(anna, {.what = {.type = "unsubscribe", .channel = "c5"}});
    EXPECT_EQ(names(said(anna, subscribe_to("new"))), name_list{"subscribed"});
}

TEST_F(SessionBadInput, OfTenThousandSubscribesAtTheUsualRateEndsTheConnection) {
    auto& anna = connect();
    for (int i = 0; i < 10'000; ++i)
        anna.say(subscribe_to("c"));
    settle();
    EXPECT_EQ(anna.closed(), close_code::too_many_messages);
    EXPECT_EQ(anna.heard("subscribed").size(), 200u);
    EXPECT_TRUE(the_hub().get_channels().empty());
}

TEST_F(SessionBadInput, OfPresenceInfoIsBounded) {
    auto& anna = connect();
    auto m = subscribe_to("c");
    m.info = json::value(std::string(2'000, 'x'));
    EXPECT_EQ(names(said(anna, m)), name_list{"error:bad_message"});
}

TEST_F(SessionBadInput, OfAnswersToQuestionsThatNobodyAskedIsIgnored) {
    auto& anna = connect();
    for (const auto* ref : {"", "1", "99999999999999999999", "x"}) {
        EXPECT_TRUE(said(anna, {.what = {"reply", "", 1}, .ref = ref}).empty());
        EXPECT_TRUE(said(anna, {.what = {"error", "", "no object"}, .ref = ref}).empty());
    }
    EXPECT_EQ(anna.closed(), std::nullopt);
}

TEST_F(SessionBadInput, OfHistoryLimitsIsCutToWhatIsPossible) {
    for (int i = 0; i < 5; ++i)
        the_hub().publish("r:1", {.type = "m"});
    auto& anna = connect();
    const auto many = [&](json::value limit) {
        const auto heard = only(said(anna, {.what = {"history", "r:1", {{"limit", std::move(limit)}}}}));
        return heard.data.at("messages").as_array().size();
    };
    EXPECT_EQ(many(0), 1u);
    EXPECT_EQ(many(-5), 5u);
    EXPECT_EQ(many("all"), 5u);
    EXPECT_EQ(many(1e300), 5u);
    EXPECT_EQ(many(UINT64_MAX), 5u);
}

TEST_F(SessionBadInput, FromConnectionsThatHaveEndedIsNotHeard) {
    int heard = 0;
    the_hub().on_message([&](client_id, message) { ++heard; });
    auto& witness = connect();
    const auto talk = session::open(the_hub(), the_hub().get_client(witness.id()), {}, {}, {});
    talk->ended(close_code::normal);
    talk->ended(close_code::abnormal);
    EXPECT_FALSE(talk->receive(R"({"type":"x"})"));
    settle();
    EXPECT_EQ(heard, 0);
}

} // namespace
} // namespace infra::realtime
