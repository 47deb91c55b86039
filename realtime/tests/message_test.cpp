#include <infra/realtime/message.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::realtime {
namespace {

std::string why(std::string_view text) {
    const auto read = parse_client_message(text);
    const auto* bad = std::get_if<bad_message>(&read);
    return bad ? bad->why : "it is one";
}

client_message good(std::string_view text) {
    auto read = parse_client_message(text);
    EXPECT_TRUE(std::holds_alternative<client_message>(read)) << why(text);
    return std::get<client_message>(std::move(read));
}

TEST(Message, IsReadWithAllItsMembers) {
    const auto said = good(R"({"type":"subscribe","channel":"room:1","ref":"7","token":"v1..x",
        "since":{"epoch":"e1","offset":41},"data":{"a":[1,2]},"info":{"name":"Anna"},"other":[[]]})");
    EXPECT_EQ(said.what, (message{"subscribe", "room:1", {{"a", {1, 2}}}}));
    EXPECT_EQ(said.ref, "7");
    EXPECT_EQ(said.token, "v1..x");
    EXPECT_EQ(said.since, (position{"e1", 41}));
    EXPECT_EQ(said.info.at("name"), "Anna");
}

TEST(Message, NeedsNothingButAType) {
    const auto said = good(R"({"type":"ping"})");
    EXPECT_EQ(said.what, message{.type = "ping"});
    EXPECT_TRUE(said.ref.empty());
    EXPECT_FALSE(said.since);
    EXPECT_EQ(good(R"({"type":"x","channel":null,"ref":null,"since":null,"data":null})").what, message{.type = "x"});
}

TEST(Message, TakesANumberAsRef) {
    EXPECT_EQ(good(R"({"type":"x","ref":18446744073709551615})").ref, "18446744073709551615");
    EXPECT_EQ(good(R"({"type":"x","ref":-3})").ref, "-3");
    EXPECT_EQ(good(R"({"type":"x","ref":2.5})").ref, "2.5");
}

TEST(Message, SaysWhichMemberIsWrong) {
    const std::pair<const char*, const char*> cases[] = {
        {R"([])", "a message is an object"},
        {R"("subscribe")", "a message is an object"},
        {R"({})", R"("type" must be there, and not empty)"},
        {R"({"type":""})", R"("type" must be there, and not empty)"},
        {R"({"type":null})", R"("type" must be there, and not empty)"},
        {R"({"type":7})", R"("type" must be a string)"},
        {R"({"type":"x","channel":{}})", R"("channel" must be a string)"},
        {R"({"type":"x","token":false})", R"("token" must be a string)"},
        {R"({"type":"x","ref":[]})", R"("ref" must be a string)"},
        {R"({"type":"x","ref":true})", R"("ref" must be a string)"},
        {R"({"type":"x","since":5})", R"("since" must be an object with "epoch" and "offset")"},
        {R"({"type":"x","since":{"offset":1}})", R"("since.epoch" must be a string)"},
        {R"({"type":"x","since":{"epoch":1,"offset":1}})", R"("since.epoch" must be a string)"},
        {R"({"type":"x","since":{"epoch":"e"}})", R"("since.offset" must be a whole number from 0)"},
        {R"({"type":"x","since":{"epoch":"e","offset":-1}})", R"("since.offset" must be a whole number from 0)"},
        {R"({"type":"x","since":{"epoch":"e","offset":1.5}})", R"("since.offset" must be a whole number from 0)"},
        {R"({"type":"x","since":{"epoch":"e","offset":1e30}})", R"("since.offset" must be a whole number from 0)"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(why(text), expected) << text;
}

TEST(Message, KeepsTheRefOfABadOneForItsError) {
    const auto bad = std::get<bad_message>(parse_client_message(R"({"type":1,"ref":"9"})"));
    EXPECT_EQ(bad.ref, "9");
    const auto huge = R"({"type":"x","ref":")" + std::string(65, 'r') + "\"}";
    EXPECT_EQ(why(huge), R"("ref" must be at most 64 bytes long)");
    EXPECT_EQ(std::get<bad_message>(parse_client_message(huge)).ref, "");
    EXPECT_EQ(good(R"({"type":"x","ref":")" + std::string(64, 'r') + "\"}").ref.size(), 64u);
}

TEST(Message, RefusesWhatIsNoJsonOrTooDeep) {
    EXPECT_NE(why(""), "it is one");
    EXPECT_NE(why("{\"type\":\"x\""), "it is one");
    EXPECT_NE(why("{\"type\":\"x\"}{"), "it is one");
    EXPECT_NE(why("\xff\xfe"), "it is one");
    EXPECT_NE(why("{\"type\":\"\xc3\x28\"}"), "it is one");
    EXPECT_NE(why(std::string_view("\0", 1)), "it is one");
    EXPECT_EQ(why(R"({"type":"x","data":)" + std::string(31, '[') + std::string(31, ']') + "}"), "it is one");
    EXPECT_NE(why(R"({"type":"x","data":)" + std::string(32, '[') + std::string(32, ']') + "}"), "it is one");
    EXPECT_NE(why(std::string(60'000, '[')), "it is one");
}

TEST(Message, IsWrittenWithoutWhatItDoesNotHave) {
    EXPECT_EQ(to_text(message{.type = "hello"}), R"({"type":"hello"})");
    EXPECT_EQ(to_text(message{"said", "room:1", {{"text", "Hello!"}}}),
              R"({"type":"said","channel":"room:1","data":{"text":"Hello!"}})");
    EXPECT_EQ(to_text(message{"said", "r", true}, 7), R"({"type":"said","channel":"r","offset":7,"data":true})");
    EXPECT_EQ(to_text(message{.type = "pong"}, "r1"), R"({"type":"pong","ref":"r1"})");
    EXPECT_EQ(to_text(message{.type = "pong"}, ""), R"({"type":"pong"})");
}

TEST(Message, IsWrittenAsValidJsonWhateverItHolds) {
    EXPECT_EQ(to_text(message{.type = "a\"b\\c\n\x01"}), R"({"type":"a\"b\\c\n\u0001"})");
    EXPECT_EQ(to_text(message{.type = "\xff", .channel = "\xc3\xbc"}),
              "{\"type\":\"\xef\xbf\xbd\",\"channel\":\"\xc3\xbc\"}");
}

TEST(Message, OfAClientIsReadAsItWasWritten) {
    const client_message said{.what = {"subscribe", "c\"1", {1, 2}},
                              .ref = "\x7f",
                              .token = "t",
                              .since = position{"e", UINT64_MAX},
                              .info = "i"};
    const auto read = good(to_text(said));
    EXPECT_EQ(read.what, said.what);
    EXPECT_EQ(read.ref, said.ref);
    EXPECT_EQ(read.token, said.token);
    EXPECT_EQ(read.since, said.since);
    EXPECT_EQ(read.info, said.info);
}

TEST(Message, TypesOfTheServerAreReserved) {
    for (const auto* type : {"welcome", "gap", "join", "leave", "refresh", "unsubscribed", "reconnect", "error",
                             "reply", "subscribed", "published", "members", "history", "authenticated", "pong"})
        EXPECT_TRUE(is_reserved_type(type)) << type;
    for (const auto* type : {"subscribe", "unsubscribe", "publish", "presence", "auth", "ping", "said", "", "Gap"})
        EXPECT_FALSE(is_reserved_type(type)) << type;
}

} // namespace
} // namespace infra::realtime
