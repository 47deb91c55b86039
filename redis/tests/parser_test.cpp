#include "src/parser.hpp"

#include "tests/notation.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iterator>
#include <limits>
#include <random>
#include <utility>

namespace infra::redis::detail {
namespace {

using namespace std::string_literals;
using status = parser::status;
using shown_list = std::vector<std::string>;

struct example {
    std::string bytes;
    shown_list messages;
};

// Those of the specification of RESP3 (and RESP2, which it contains), and the edges between them.
const example examples[] = {
    {"+OK\r\n", {"\"OK\""}},
    {"+\r\n", {"\"\""}},
    {"-ERR this is the error description\r\n", {"-ERR this is the error description"}},
    {":1234\r\n", {"1234"}},
    {":+5\r\n:-5\r\n:0\r\n", {"5", "-5", "0"}},
    {":-9223372036854775808\r\n:9223372036854775807\r\n", {"-9223372036854775808", "9223372036854775807"}},
    {"$11\r\nhello world\r\n", {"\"hello world\""}},
    {"$0\r\n\r\n", {"\"\""}},
    {"$4\r\n\r\n\r\n\r\n", {"\"\r\n\r\n\""}},
    {"$3\r\na\0b\r\n"s, {"\"a\0b\""s}},
    {"$-1\r\n", {"null"}},
    {"*-1\r\n", {"null"}},
    {"_\r\n", {"null"}},
    {"#t\r\n#f\r\n", {"true", "false"}},
    {",1.23\r\n,10\r\n,-0.5\r\n,1e3\r\n,+2.5E-1\r\n", {"1.23", "10.", "-0.5", "1000.", "0.25"}},
    {",inf\r\n,-inf\r\n,nan\r\n", {"inf", "-inf", "nan"}},
    {"(3492890328409238509324850943850943825024385\r\n", {"3492890328409238509324850943850943825024385"}},
    {"(-1\r\n", {"-1"}},
    {"!21\r\nSYNTAX invalid syntax\r\n", {"-SYNTAX invalid syntax"}},
    {"=15\r\ntxt:Some string\r\n", {"v\"Some string\""}},
    {"=4\r\nmkd:\r\n", {"v\"\""}},
    {"*3\r\n:1\r\n:2\r\n:3\r\n", {"[1 2 3]"}},
    {"*2\r\n*3\r\n:1\r\n$5\r\nhello\r\n:2\r\n#f\r\n", {"[[1 \"hello\" 2] false]"}},
    {"*0\r\n~0\r\n%0\r\n", {"[]", "s[]", "m[]"}},
    {"*3\r\n$3\r\nfoo\r\n$-1\r\n*-1\r\n", {"[\"foo\" null null]"}},
    {"*2\r\n*0\r\n*1\r\n*0\r\n", {"[[] [[]]]"}},
    {"%2\r\n+first\r\n:1\r\n+second\r\n:2\r\n", {"m[\"first\" 1 \"second\" 2]"}},
    {"~5\r\n+orange\r\n+apple\r\n#t\r\n:100\r\n:999\r\n", {"s[\"orange\" \"apple\" true 100 999]"}},
    // attributes: of the reply, of a member, empty, nested
    {"|1\r\n+key-popularity\r\n%2\r\n$1\r\na\r\n,0.1923\r\n$1\r\nb\r\n,0.0012\r\n*2\r\n:2039123\r\n:9543892\r\n",
     {"[2039123 9543892]"}},
    {"*3\r\n:1\r\n:2\r\n|1\r\n+ttl\r\n:3600\r\n:3\r\n", {"[1 2 3]"}},
    {"|0\r\n+OK\r\n", {"\"OK\""}},
    {"|1\r\n+a\r\n|1\r\n+b\r\n:1\r\n:2\r\n+OK\r\n", {"\"OK\""}},
    // pushes: between replies, in the middle of one, within a nested list
    {">3\r\n+message\r\n+somechannel\r\n+this is the message\r\n",
     {"p[\"message\" \"somechannel\" \"this is the message\"]"}},
    {"+OK\r\n>2\r\n+invalidate\r\n*1\r\n+k\r\n:1\r\n", {"\"OK\"", "p[\"invalidate\" [\"k\"]]", "1"}},
    {"*2\r\n:1\r\n>2\r\n+invalidate\r\n_\r\n:2\r\n", {"p[\"invalidate\" null]", "[1 2]"}},
    {"*2\r\n*2\r\n+a\r\n>1\r\n+x\r\n+b\r\n>1\r\n+y\r\n:2\r\n", {"p[\"x\"]", "p[\"y\"]", "[[\"a\" \"b\"] 2]"}},
    {"|1\r\n+k\r\n>1\r\n+x\r\n+v\r\n:7\r\n", {"p[\"x\"]", "7"}},
    // streamed: texts, lists, empty ones, in one another
    {"$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n", {"\"Hello word\""}},
    {"$?\r\n;0\r\n", {"\"\""}},
    {"*?\r\n:1\r\n:2\r\n:3\r\n.\r\n", {"[1 2 3]"}},
    {"*?\r\n.\r\n~?\r\n.\r\n%?\r\n.\r\n", {"[]", "s[]", "m[]"}},
    {"%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n", {"m[\"a\" 1 \"b\" 2]"}},
    {"*2\r\n*?\r\n$?\r\n;1\r\nx\r\n;0\r\n*?\r\n.\r\n.\r\n:1\r\n", {"[[\"x\" []] 1]"}},
};

// What a server never says. Each is refused, and the sentence says how.
const std::pair<std::string, const char*> refused[] = {
    {"HTTP/1.1 400 Bad Request\r\n", "an unknown kind of reply ('HTTP/1.1 400 Bad Request')"},
    {"\x16\x03\x01\r\n", "an unknown kind of reply"},
    {"\r\n", "a line does not end in CR LF"},
    {"+OK\n", "a line does not end in CR LF"},
    {"+a\nb\r\n", "a line does not end in CR LF"},
    {":\r\n", "a value that is none of its kind"},
    {":1x\r\n", "a value that is none of its kind"},
    {":9223372036854775808\r\n", "a value that is none of its kind"},
    {":+-1\r\n", "a value that is none of its kind"},
    {",1.2.3\r\n", "a value that is none of its kind"},
    {"#true\r\n", "a value that is none of its kind"},
    {"_x\r\n", "a value that is none of its kind"},
    {"(\r\n", "a value that is none of its kind"},
    {"(1a\r\n", "a value that is none of its kind"},
    {"$-2\r\n", "a text without a length"},
    {"$+1\r\na\r\n", "a text without a length"},
    {"$\r\n", "a text without a length"},
    {"$99999999999999999999\r\n", "a text without a length"},
    {"!-1\r\n", "a text without a length"},
    {"=2\r\nab\r\n", "a verbatim text without the mark of its format"},
    {"$1\r\nabc\r\n", "a text does not end where it said it would"},
    {"$1\r\na\rb", "a text does not end where it said it would"},
    {"*-2\r\n", "a list without a length"},
    {"~-1\r\n", "a list without a length"},
    {"*x\r\n", "a list without a length"},
    {".\r\n", "the end of a list that was not begun"},
    {"*1\r\n.\r\n", "the end of a list that was not begun"},
    {"%?\r\n:1\r\n.\r\n", "a map with a key and no value"},
    {"$?\r\n+a\r\n", "a streamed text goes on with something else"},
    {"$?\r\n;x\r\n", "a piece of a text without a length"},
    {";1\r\na\r\n", "an unknown kind of reply"},
};

TEST(Parser, ReadsTheExamplesOfTheSpecification) {
    for (const auto& each : examples) {
        const auto p = parse(each.bytes);
        EXPECT_EQ(p.messages, each.messages) << each.bytes;
        EXPECT_EQ(p.end, status::hungry) << p.why;
        EXPECT_FALSE(p.within) << each.bytes;
    }
}

TEST(Parser, ReadsTheSameByteByByte) {
    for (const auto& each : examples)
        EXPECT_EQ(parse(each.bytes, 1).messages, each.messages) << each.bytes;
}

TEST(Parser, ReadsTheSameWhereverItIsCutInTwo) {
    for (const auto& each : examples)
        for (std::size_t cut = 1; cut < each.bytes.size(); ++cut) {
            parser p;
            shown_list messages;
            for (auto piece : {std::string_view(each.bytes).substr(0, cut), std::string_view(each.bytes).substr(cut)})
                while (p.feed(piece) == status::message)
                    messages.push_back(shown(p.take()));
            EXPECT_EQ(messages, each.messages) << each.bytes << " cut at " << cut;
        }
}

TEST(Parser, WaitsForWhatIsNotThereYet) {
    for (const auto& each : examples)
        for (std::size_t size = 1; size < each.bytes.size(); ++size) {
            const auto p = parse(std::string_view(each.bytes).substr(0, size));
            EXPECT_EQ(p.end, status::hungry) << each.bytes << " after " << size;
            EXPECT_TRUE(p.within || p.messages.size() < each.messages.size() ||
                        each.messages.size() == p.messages.size());
        }
}

TEST(Parser, RefusesWhatNoServerSays) {
    for (const auto& [bytes, sentence] : refused)
        for (const std::size_t step : {std::string::npos, std::size_t{1}}) {
            const auto p = parse(bytes, step);
            EXPECT_EQ(p.end, status::malformed) << bytes;
            EXPECT_EQ(p.why.find(sentence), 0u) << bytes << ": " << p.why;
        }
}

TEST(Parser, StaysRefused) {
    parser p;
    std::string_view bad = "x\r\n", good = "+OK\r\n";
    EXPECT_EQ(p.feed(bad), status::malformed);
    EXPECT_EQ(p.feed(good), status::malformed);
}

TEST(Parser, ShowsNothingUnprintable) {
    EXPECT_EQ(parse("\x1b[31m\0\r\n"s).why, "an unknown kind of reply ('?[31m?')");
}

// --- By lot ---------------------------------------------------------------------------------------------------------

std::string mutated(std::string bytes, std::mt19937& random) {
    static constexpr std::string_view spices[] = {"\r\n",   "*1\r\n", "$?\r\n", ";0\r\n", ".\r\n", ">1\r\n",
                                                  "|1\r\n", "-1",     "%2\r\n", "$1\r\n", "_\r\n", "999999999",
                                                  "\r",     "\n",     "*?\r\n", "+x\r\n"};
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (std::size_t changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) {
        const auto at = below(bytes.size());
        switch (below(4)) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes.erase(at, 1 + below(3)); break;
        case 2: bytes.insert(at, spices[below(std::size(spices))]); break;
        default: bytes.insert(at, bytes.substr(below(bytes.size()), below(30))); break;
        }
    }
    return bytes;
}

TEST(Parser, ReadsTheSameHoweverNonsenseIsCut) {
    std::mt19937 random(20260101);
    const int rounds = std::getenv("INFRA_TEST_LONG") ? 300'000 : 10'000;
    const parser_limits limits{.max_bytes = 1 << 20, .max_depth = 8};
    for (int round = 0; round < rounds; ++round) {
        std::string bytes =
            examples[random() % std::size(examples)].bytes + examples[random() % std::size(examples)].bytes;
        bytes = mutated(std::move(bytes), random);
        const auto whole = parse(bytes, std::string::npos, limits);
        for (const std::size_t step : {std::size_t{1}, 2 + random() % 7}) {
            const auto cut = parse(bytes, step, limits);
            ASSERT_EQ(cut.messages, whole.messages) << bytes;
            ASSERT_EQ(cut.end, whole.end) << bytes;
            ASSERT_EQ(cut.within, whole.within) << bytes;
        }
    }
}

} // namespace
} // namespace infra::redis::detail
