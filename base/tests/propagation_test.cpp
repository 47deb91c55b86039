#include <infra/base/propagation.hpp>

#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

namespace infra {
namespace {

constexpr auto parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    while (times-- > 0)
        out += text;
    return out;
}

std::string members(int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += (i > 0 ? ",k" : "k") + std::to_string(i) + "=v";
    return out;
}

TEST(Tracestate, IsReadByTheRulesOfTheSpecification) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", ""},
        {"foo=1", "foo=1"},
        {"foo=1,bar=2", "foo=1,bar=2"},
        {" foo=1 \t, \tbar=2 ", "foo=1,bar=2"}, // optional white space around members
        {"foo=1,", "foo=1"},                    // empty members
        {",foo=1,,bar=2", "foo=1,bar=2"},
        {"foo=1,foo=2", "foo=1"},
        {"foo =1", ""},
        {"foo= 1", "foo= 1"}, // a value may begin with a space, not end with one
        {"foo", ""},
        {"=1", ""},
        {"foo=", ""},
        {"foo=1,FOO=2", ""},
        {"foo.bar=1", ""},
        {"foo=1=2", ""},
        {"foo@bar=1", "foo@bar=1"},
        {"0a_-*/@z=1", "0a_-*/@z=1"},
        {"@foo=1", ""},
        {"foo=1,bar=\x7f", ""},
        {"foo=caf\xc3\xa9", ""},
        {"foo=!\"#$%&'()*+-./:;<>?@[]^_`{|}~", "foo=!\"#$%&'()*+-./:;<>?@[]^_`{|}~"},
        {repeated("z", 256) + "=1", repeated("z", 256) + "=1"},
        {repeated("z", 257) + "=1", ""},
        {"z=" + repeated("1", 256), "z=" + repeated("1", 256)},
        {"z=" + repeated("1", 257), ""},
        {members(32), members(32)},
        {members(33), ""},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(parse_tracestate(text), expected) << text;
}

TEST(Tracestate, LosesItsLargeMembersFirst) {
    const auto large = "large=" + repeated("x", 200);
    const auto middle = repeated("y", 100);
    std::string text = large;
    for (int i = 0; i < 9; ++i)
        text += ",m" + std::to_string(i) + "=" + middle;
    const auto kept = parse_tracestate(text);
    EXPECT_EQ(kept.find("large"), std::string::npos);
    EXPECT_NE(kept.find("m8="), std::string::npos);
    EXPECT_LE(kept.size(), 1024U);
}

TEST(Baggage, IsReadByTheRulesOfTheSpecification) {
    const std::vector<std::pair<std::string, baggage>> cases = {
        {"", {}},
        {"a=1", {{"a", "1"}}},
        {"a=1,b=2", {{"a", "1"}, {"b", "2"}}},
        {" a\t=\t1 ,\tb = 2 ", {{"a", "1"}, {"b", "2"}}},
        {"user=Am%C3%A9lie%20%2C", {{"user", "Am\u00e9lie ,"}}},
        {"a=1;ttl=3;secret,b=2", {{"a", "1"}, {"b", "2"}}},
        {"a=", {{"a", ""}}},
        {"a=x=y", {{"a", "x=y"}}},
        {"a", {}},
        {"=1", {}},
        {"bad key=1,good=2", {{"good", "2"}}},
        {"a=%FF", {{"a", "\uFFFD"}}},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(parse_baggage(text), expected) << text;
}

TEST(Baggage, IsBounded) {
    EXPECT_EQ(parse_baggage(members(70)).size(), 64U);
    EXPECT_EQ(parse_baggage("a=1,b=" + repeated("x", 9000)), (baggage{{"a", "1"}}));
    baggage many;
    for (int i = 0; i < 70; ++i)
        many.emplace_back("k" + std::to_string(i), repeated("v", 10));
    EXPECT_EQ(parse_baggage(format_baggage(many)).size(), 64U);
    EXPECT_EQ(format_baggage({{"big", repeated("x", 9000)}, {"no token", "1"}, {"fits", "a, b"}}), "fits=a%2C%20b");
}

TEST(Propagation, CarriesSpanStateAndBaggage) {
    const auto under = extract({.traceparent = parent, .tracestate = "rojo=1", .baggage = "tenant=acme"});
    EXPECT_TRUE(under.span().remote);
    EXPECT_EQ(under.trace_state(), "rojo=1");
    const telemetry::span span("work", span_kind::server, under);
    EXPECT_FALSE(span.context().remote);
    EXPECT_EQ(span.context().trace, under.span().trace);
    const auto out = inject();
    EXPECT_EQ(out.traceparent, format_traceparent(span.context()));
    EXPECT_EQ(out.tracestate, "rojo=1");
    EXPECT_EQ(out.baggage, "tenant=acme");
}

TEST(Propagation, LooksAtNoStateWithoutAParent) {
    const auto under = extract({.traceparent = "nonsense", .tracestate = "rojo=1", .baggage = "tenant=acme"});
    EXPECT_FALSE(under.span().valid());
    EXPECT_EQ(under.trace_state(), "");
    EXPECT_EQ(under.baggage().size(), 1U);
    EXPECT_EQ(inject(under).traceparent, "");
}

TEST(Propagation, ReadsNoFurtherStateIntoAnotherTrace) {
    const auto under = extract({.traceparent = parent, .tracestate = "rojo=1"});
    const context_scope in(under);
    const telemetry::span other("other", span_kind::internal, span_context{});
    EXPECT_EQ(inject().tracestate, "");
}

TEST(Propagation, SendsNoMoreStateThanIsAllowed) {
    const auto headers = [](std::string state) {
        return inject(context().with_span(*parse_traceparent(parent)).with_trace_state(std::move(state)));
    };
    EXPECT_EQ(headers("rojo=1").tracestate, "rojo=1");
    EXPECT_EQ(headers("no\r\nheader").tracestate, "");
    EXPECT_EQ(headers("small=1,large=" + repeated("x", 250) + ",a=" + repeated("y", 100) + ",b=" + repeated("z", 250) +
                      ",c=" + repeated("z", 250) + ",d=" + repeated("z", 250))
                  .tracestate,
              "small=1,large=" + repeated("x", 250) + ",a=" + repeated("y", 100) + ",b=" + repeated("z", 250) +
                  ",c=" + repeated("z", 250));
}

TEST(Carrier, IsWhatOpenTelemetrysPropagatorsWrite) {
    EXPECT_EQ(to_carrier({.traceparent = parent}), std::string(R"({"traceparent":")") + parent + "\"}");
    EXPECT_EQ(to_carrier({.traceparent = parent, .tracestate = "rojo=\"1\"", .baggage = "tenant=acme"}),
              std::string(R"({"traceparent":")") + parent + R"(","tracestate":"rojo=\"1\"","baggage":"tenant=acme"})");
    EXPECT_EQ(to_carrier({}), "");
}

TEST(Carrier, BringsBackWhatWasSent) {
    const auto under = extract({.traceparent = parent, .tracestate = "rojo=\\\"1", .baggage = "user=Am%C3%A9lie"});
    const auto back = extract(from_carrier(to_carrier(inject(under))));
    EXPECT_EQ(back.span(), under.span());
    EXPECT_EQ(back.trace_state(), "rojo=\\\"1");
    EXPECT_EQ(back.baggage(), (baggage{{"user", "Am\u00e9lie"}}));
}

TEST(Carrier, IsIgnoredWhereItIsNone) {
    const std::vector<std::string> cases = {"",
                                            parent,
                                            "{",
                                            "null",
                                            "[]",
                                            "\"x\"",
                                            R"({"traceparent":7,"tracestate":null,"baggage":["a=1"]})",
                                            R"({"Traceparent":"00"})",
                                            R"({"traceparent":"\ud800"})",
                                            repeated("[", 10'000),
                                            R"({"baggage":"a=)" + repeated("x", 70'000) + "\"}"};
    for (const auto& text : cases) {
        const auto read = from_carrier(text);
        EXPECT_EQ(read.traceparent + read.tracestate + read.baggage, "") << text.substr(0, 100);
    }
    EXPECT_EQ(from_carrier(R"({"x":{"y":[1]},"tracestate":"a=1"})").tracestate, "a=1");
}

// One that holds a traceparent alone is read without a parser, as far as it looks like what is written.
TEST(Carrier, IsReadAlikeHoweverItIsWritten) {
    EXPECT_EQ(from_carrier(std::string(R"({"traceparent":")") + parent + "\"}").traceparent, parent);
    EXPECT_EQ(from_carrier(std::string(R"({ "traceparent": ")") + parent + "\" }").traceparent, parent);
    EXPECT_EQ(from_carrier(R"({"traceparent":"\u0030\u0030"})").traceparent, "00");
    EXPECT_EQ(from_carrier(R"({"traceparent":"a","traceparent":"b"})").traceparent, "b");
    EXPECT_EQ(from_carrier(R"({"traceparent":"a","tracestate":"b=c"})").tracestate, "b=c");
    EXPECT_EQ(from_carrier(R"({"traceparent":""})").traceparent, "");
    EXPECT_EQ(to_carrier({.traceparent = "A \" quote"}), R"({"traceparent":"A \" quote"})");
}

TEST(Carrier, IsNeverLargerThanItsLimitsAllow) {
    baggage many;
    for (int i = 0; i < 200; ++i)
        many.emplace_back("k" + std::to_string(i), repeated("\u00e9", 100));
    const auto under = context()
                           .with_span(*parse_traceparent(parent))
                           .with_trace_state("a=" + repeated("\"", 256) + ",b=" + repeated("\\", 256) +
                                             ",c=" + repeated("\"", 256) + ",d=" + repeated("\"", 200) + ",e=1")
                           .with_baggage(many);
    const auto carrier = to_carrier(inject(under));
    EXPECT_GT(carrier.size(), 8192U);
    EXPECT_LT(carrier.size(), 12U * 1024);
    EXPECT_EQ(inject(extract(from_carrier(carrier))).baggage, inject(under).baggage);
}

TEST(Propagation, ForgetsTheStateOfASenderThatHasNone) {
    const auto first = extract({.traceparent = parent, .tracestate = "rojo=1"});
    EXPECT_EQ(extract({.traceparent = parent}, first).trace_state(), "");
}

} // namespace
} // namespace infra
