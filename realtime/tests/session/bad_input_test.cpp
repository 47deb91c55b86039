#include "support.hpp"

#include <random>

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

// What is said is almost a message of the protocol, and sometimes one.
TEST_F(SessionBadInput, OfAnyKindHurtsNobody) {
    auto options = open_options();
    options.limits.messages_per_second = 1e6;
    options.limits.message_burst = 1'000'000;
    auto& hub = make_hub(options);
    hub.on_request("ask", [](client_id, message m) { return m.data; });
    const std::string seeds[] = {
        R"({"type":"subscribe","channel":"r:1","ref":"1","token":"v1..x","since":{"epoch":"e","offset":1},"info":{"a":1}})",
        R"({"type":"unsubscribe","channel":"r:1","ref":2})",
        R"({"type":"publish","channel":"r:1","ref":"3","data":{"type":"said","data":[1,2.5e3,"\u00e9"]}})",
        R"({"type":"presence","channel":"r:1"})",
        R"({"type":"history","channel":"r:1","data":{"limit":3},"ref":"4"})",
        R"({"type":"auth","token":"t"})",
        R"({"type":"ping"})",
        R"({"type":"reply","ref":"1","data":1})",
        R"({"type":"error","ref":"1","data":{"code":"c","message":"m"}})",
        R"({"type":"ask","ref":"5","data":null})"};
    std::mt19937 chance(1);
    const auto lot = [&](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(chance);
    };
    auto& witness = connect();
    said(witness, subscribe_to("witness"));
    auto& fool = connect();
    for (int i = 0; i < 5'000; ++i) {
        auto text = seeds[lot(std::size(seeds))];
        for (auto changes = lot(4); changes > 0; --changes)
            text[lot(text.size())] = static_cast<char>(lot(256));
        fool.say_text(lot(20) == 0 ? text.substr(0, lot(text.size())) : text);
        settle();
        if (fool.closed())
            fool.reconnect();
        fool.heard();
    }
    hub.publish("witness", {.type = "m"});
    settle();
    EXPECT_EQ(names(witness.heard()), name_list{"m"});
    EXPECT_EQ(hub.get_connected_clients().size(), 2u);
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
