#include <infra/base/http_message.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
namespace http = infra::http;
using http::headers;
using http::method;
using values = std::vector<std::string_view>;

static_assert(std::forward_iterator<headers::const_iterator>);

/// "name: value" a line.
std::string dump(const headers& h) {
    std::string text;
    for (const auto [name, value] : h)
        text.append(name).append(": ").append(value).append("\n");
    return text;
}

TEST(HttpMethod, IsWrittenAndReadByItsName) {
    for (const auto& [m, text] : std::vector<std::pair<method, std::string_view>>{{method::get, "GET"},
                                                                                  {method::head, "HEAD"},
                                                                                  {method::post, "POST"},
                                                                                  {method::put, "PUT"},
                                                                                  {method::delete_, "DELETE"},
                                                                                  {method::patch, "PATCH"},
                                                                                  {method::options, "OPTIONS"},
                                                                                  {method::connect, "CONNECT"},
                                                                                  {method::trace, "TRACE"}}) {
        EXPECT_EQ(http::to_string(m), text);
        EXPECT_EQ(http::parse_method(text), m);
    }
}

TEST(HttpMethod, IsOtherForWhatHasNoMeaningHere) {
    for (const auto text : {"get", "", "GET ", "BREW", "OTHER", "PROPFIND"})
        EXPECT_EQ(http::parse_method(text), method::other) << text;
    EXPECT_EQ(http::to_string(method::other), "OTHER");
}

TEST(HttpHeaders, AreEmptyAtFirst) {
    const headers h;
    EXPECT_TRUE(h.empty());
    EXPECT_EQ(h.get("a"), std::nullopt);
    EXPECT_EQ(h.begin(), h.end());
    EXPECT_EQ(h, headers{});
}

TEST(HttpHeaders, FindNamesInAnyCaseAndKeepTheirSpelling) {
    const headers h{{"Content-Type", "text/plain"}};
    EXPECT_EQ(h.get("content-type"), "text/plain");
    EXPECT_EQ(h.get("CONTENT-TYPE"), "text/plain");
    EXPECT_TRUE(h.contains("cOnTeNt-TyPe"));
    EXPECT_FALSE(h.contains("content-typ"));
    EXPECT_FALSE(h.contains("content_type"));
    EXPECT_EQ(dump(h), "Content-Type: text/plain\n");
}

TEST(HttpHeaders, FoldLettersOnly) {
    const headers h{{"a^b", "1"}, {"a`b", "2"}};
    EXPECT_EQ(h.get("A~B"), std::nullopt) << "'^' and '~' differ by the same bit as letters do";
    EXPECT_EQ(h.get("A`B"), "2");
}

TEST(HttpHeaders, KeepRepeatedNamesInOrder) {
    headers h{{"set-cookie", "a=1"}, {"x", "0"}};
    h.append("Set-Cookie", "b=2");
    EXPECT_EQ(h.get("set-cookie"), "a=1") << "the first";
    EXPECT_EQ(h.get_all("SET-COOKIE"), (values{"a=1", "b=2"}));
    EXPECT_EQ(h.get_all("y"), values{});
    EXPECT_EQ(h.size(), 3U);
}

TEST(HttpHeaders, SetReplacesTheFirstAndRemovesTheOthers) {
    headers h{{"a", "1"}, {"b", "2"}, {"A", "3"}, {"c", "4"}, {"a", "5"}};
    h.set("a", "a longer value than before");
    EXPECT_EQ(dump(h), "a: a longer value than before\nb: 2\nc: 4\n");
    h.set("a", "");
    EXPECT_EQ(dump(h), "a: \nb: 2\nc: 4\n");
    h.set("d", "6");
    EXPECT_EQ(dump(h), "a: \nb: 2\nc: 4\nd: 6\n");
}

TEST(HttpHeaders, RemoveSaysHowManyThereWere) {
    headers h{{"a", "1"}, {"b", "2"}, {"A", "3"}, {"c", "4"}};
    EXPECT_EQ(h.remove("a"), 2U);
    EXPECT_EQ(h.remove("a"), 0U);
    EXPECT_EQ(dump(h), "b: 2\nc: 4\n");
    EXPECT_EQ(h.remove("C") + h.remove("B"), 2U);
    EXPECT_TRUE(h.empty());
}

TEST(HttpHeaders, TellAnEmptyValueFromNone) {
    const headers h{{"a", ""}};
    EXPECT_EQ(h.get("a"), ""sv);
    EXPECT_TRUE(h.contains("a"));
}

TEST(HttpHeaders, DropWhiteSpaceAroundAValue) {
    const headers h{{"a", " \t x y\t "}, {"b", " \t"}};
    EXPECT_EQ(h.get("a"), "x y");
    EXPECT_EQ(h.get("b"), ""sv);
}

TEST(HttpHeaders, MayBeGivenTheirOwnText) {
    headers h{{"a", "a value too long for any small string"}, {"b", "2"}};
    for (int i = 0; i < 20; ++i)
        h.append("a", *h.get("a")); // grows, and so moves, the text the view points into
    EXPECT_EQ(h.get_all("a"), values(21, "a value too long for any small string"));
    h.set("b", *h.get("a"));
    EXPECT_EQ(h.get("b"), "a value too long for any small string");
    h.set("a", h.get("a")->substr(2, 5));
    EXPECT_EQ(dump(h), "a: value\nb: a value too long for any small string\n");
    h.set(h[1].name, h[0].name);
    EXPECT_EQ(dump(h), "a: value\nb: a\n");
    EXPECT_EQ(h.remove(h[0].name), 1U);
    EXPECT_EQ(dump(h), "b: a\n");
}

TEST(HttpHeaders, CompareNamesWithoutAndValuesWithCase) {
    const headers h{{"a", "x"}, {"b", "y"}};
    EXPECT_EQ(h, (headers{{"A", "x"}, {"B", "y"}}));
    EXPECT_NE(h, (headers{{"a", "X"}, {"b", "y"}}));
    EXPECT_NE(h, (headers{{"b", "y"}, {"a", "x"}}));
    EXPECT_NE(h, (headers{{"a", "x"}}));
}

TEST(HttpHeaders, SurviveCopyMoveAndClear) {
    headers h{{"a", "1"}, {"b", "2"}};
    const headers copy = h;
    headers moved = std::move(h);
    EXPECT_EQ(moved, copy);
    moved.clear();
    EXPECT_TRUE(moved.empty());
    moved.append("c", "3");
    EXPECT_EQ(dump(moved), "c: 3\n");
    EXPECT_EQ(dump(copy), "a: 1\nb: 2\n");
}

std::string complaint_about(std::string_view name, std::string_view value) {
    headers h{{"kept", "1"}};
    std::string appended, set;
    try {
        h.append(name, value);
    } catch (const std::invalid_argument& e) {
        appended = e.what();
    }
    try {
        h.set(name, value);
    } catch (const std::invalid_argument& e) {
        set = e.what();
    }
    EXPECT_EQ(appended, set);
    if (!appended.empty())
        EXPECT_EQ(dump(h), "kept: 1\n") << "a refusal changes nothing";
    return appended;
}

TEST(HttpHeaders, RefuseWhatCouldSmuggleAField) {
    const std::string name = "http::headers: the name '";
    const std::string value = "http::headers: the value of 'x-key' must not contain CR, LF or NUL";
    EXPECT_EQ(complaint_about("x-key", "1\r\nset-cookie: a=b"), value);
    EXPECT_EQ(complaint_about("x-key", "secret\n"), value);
    EXPECT_EQ(complaint_about("x-key", "\rsecret"), value);
    EXPECT_EQ(complaint_about("x-key", "a\0b"sv), value);
    EXPECT_EQ(complaint_about("", "1"), "http::headers: a field's name must not be empty");
    EXPECT_EQ(complaint_about("x: 1\r\ny", "1"), name + "x?"
                                                        "?1?"
                                                        "?y' is not a token (RFC 9110 5.6.2)");
    EXPECT_EQ(complaint_about("kept ", "1"), name + "kept?' is not a token (RFC 9110 5.6.2)");
    EXPECT_EQ(complaint_about("\xc3\xa9", "1"), name + "?"
                                                       "?' is not a token (RFC 9110 5.6.2)");
    EXPECT_EQ(complaint_about(std::string(1000, '('), "1"),
              name + std::string(64, '?') + "' is not a token (RFC 9110 5.6.2)");
}

TEST(HttpHeaders, AcceptEveryTokenCharacterAndObsoleteText) {
    EXPECT_EQ(complaint_about("!#$%&'*+-.^_`|~09azAZ", "caf\xc3\xa9 \x01\t\xff"), "");
}

TEST(HttpHeaders, RefuseEveryOtherCharacterInAName) {
    constexpr auto token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"sv;
    for (int c = 0; c < 256; ++c) {
        const std::string name(1, static_cast<char>(c));
        EXPECT_EQ(complaint_about(name, "1").empty(), token.find(name) != std::string_view::npos) << c;
    }
}

/// The same operations on a plain list of pairs.
struct model {
    std::vector<std::pair<std::string, std::string>> fields;

    void set(const std::string& name, const std::string& value) {
        const auto first = std::find_if(fields.begin(), fields.end(), [&](auto& f) { return f.first == name; });
        if (first == fields.end())
            return void(fields.emplace_back(name, value));
        first->second = value;
        fields.erase(std::remove_if(first + 1, fields.end(), [&](auto& f) { return f.first == name; }), fields.end());
    }
    std::string dump() const {
        std::string text;
        for (const auto& [name, value] : fields)
            text += name + ": " + value + "\n";
        return text;
    }
};

TEST(HttpHeaders, BehaveAsAListOfPairsUnderRandomChanges) {
    std::mt19937_64 chance(20260101);
    headers h;
    model m;
    for (int i = 0; i < 20'000; ++i) {
        const std::string name(1 + chance() % 2, static_cast<char>('a' + chance() % 4));
        const std::string value(chance() % 30, static_cast<char>('A' + chance() % 26));
        switch (chance() % 4) {
        case 0:
            h.append(name, value);
            m.fields.emplace_back(name, value);
            break;
        case 1:
            h.set(name, value);
            m.set(name, value);
            break;
        case 2: EXPECT_EQ(h.remove(name), std::erase_if(m.fields, [&](auto& f) { return f.first == name; })); break;
        default:
            const auto first = std::find_if(m.fields.begin(), m.fields.end(), [&](auto& f) { return f.first == name; });
            EXPECT_EQ(h.get(name),
                      first == m.fields.end() ? std::nullopt : std::optional(std::string_view(first->second)));
        }
        ASSERT_EQ(dump(h), m.dump());
    }
}

TEST(HttpStatus, HasTheWordsOfRfc9110) {
    for (const auto& [status, words] :
         std::vector<std::pair<int, std::string_view>>{{100, "Continue"},
                                                       {200, "OK"},
                                                       {202, "Accepted"},
                                                       {304, "Not Modified"},
                                                       {404, "Not Found"},
                                                       {413, "Content Too Large"},
                                                       {422, "Unprocessable Content"},
                                                       {431, "Request Header Fields Too Large"},
                                                       {503, "Service Unavailable"},
                                                       {0, ""},
                                                       {-1, ""},
                                                       {299, ""},
                                                       {1000, ""}})
        EXPECT_EQ(http::reason_phrase(status), words) << status;
}

} // namespace
