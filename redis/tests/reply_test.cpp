#include <infra/redis/reply.hpp>

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace infra::redis {
namespace {

using namespace std::string_literals;

reply text(std::string s) { return reply(std::move(s)); }
reply number(std::int64_t n) { return reply(n); }
reply list(reply::list items, reply::kind k = reply::kind::array) { return reply(std::move(items), k); }
reply failure(std::string s) { return reply(std::move(s), reply::kind::error); }

// What is thrown, as `code: sentence`.
std::string thrown_by(const std::function<void()>& f) {
    try {
        f();
    } catch (const error& e) {
        return e.code().message() + ": " + e.what();
    }
    return "nothing";
}

TEST(Reply, BecomesWhatItIsAskedFor) {
    EXPECT_EQ(to<std::string>(text("a\0b"s)), "a\0b"s);
    EXPECT_EQ(to<int>(number(7)), 7);
    EXPECT_EQ(to<std::int64_t>(text("-12")), -12) << "INCR's numbers come as text from GET";
    EXPECT_EQ(to<std::uint8_t>(number(255)), 255);
    EXPECT_EQ(to<std::uint64_t>(number(7)), 7u);
    EXPECT_EQ(to<double>(text("1.5")), 1.5);
    EXPECT_EQ(to<double>(number(2)), 2.0);
    EXPECT_TRUE(to<bool>(number(1)));
    EXPECT_FALSE(to<bool>(reply(false)));
    EXPECT_TRUE(to<bool>(text("OK")));
    EXPECT_EQ(to<std::optional<std::string>>(reply()), std::nullopt);
    EXPECT_EQ(to<std::optional<std::string>>(text("")), "") << "an empty value is not a missing one";
    to<void>(number(1));
}

TEST(Reply, BecomesLists) {
    EXPECT_EQ(to<std::vector<int>>(list({number(1), text("2")})), (std::vector{1, 2}));
    using maybe = std::vector<std::optional<std::string>>;
    EXPECT_EQ(to<maybe>(list({text("a"), reply()})), (maybe{"a", std::nullopt}));
    EXPECT_EQ((to<std::pair<std::string, double>>(list({text("m"), number(3)}))), (std::pair{"m"s, 3.0}));
    EXPECT_EQ(to<std::vector<std::string>>(list({text("x")}, reply::kind::set)).size(), 1u);
}

TEST(Reply, BecomesMapsFromEitherProtocol) {
    const std::map<std::string, int> wanted{{"a", 1}, {"b", 2}};
    const reply::list flat{text("a"), number(1), text("b"), number(2)};
    EXPECT_EQ((to<std::map<std::string, int>>(list(flat))), wanted);
    EXPECT_EQ((to<std::map<std::string, int>>(list(flat, reply::kind::map))), wanted);
    EXPECT_EQ((to<std::unordered_map<std::string, int>>(list(flat)).at("b")), 2);
}

TEST(Reply, SaysWhatItIsWhenItIsSomethingElse) {
    const std::pair<std::function<void()>, const char*> cases[] = {
        {[] { to<int>(text("seven")); }, "Redis answered a text where an integer was expected"},
        {[] { to<std::string>(reply()); }, "Redis answered null where a text was expected"},
        {[] { to<std::string>(list({})); }, "Redis answered an array where a text was expected"},
        {[] { to<std::vector<int>>(number(1)); }, "Redis answered an integer where an array was expected"},
        {[] { to<std::uint8_t>(number(256)); }, "an integer that does not fit"},
        {[] { to<unsigned>(number(-1)); }, "an integer that does not fit"},
        {[] { to<bool>(number(2)); }, "Redis answered an integer where a boolean was expected"},
        {[] { to<double>(text("1.5x")); }, "Redis answered a text where a double was expected"},
        {[] { to<std::map<std::string, int>>(list({text("a")})); }, "a list of odd length where a map was expected"},
        {[] { to<std::pair<int, int>>(list({number(1)})); }, "a list of 1 where a pair was expected"},
    };
    for (const auto& [f, sentence] : cases) {
        const auto thrown = thrown_by(f);
        EXPECT_EQ(thrown.find("the reply is of another type: "), 0u) << thrown;
        EXPECT_NE(thrown.find(sentence), std::string::npos) << thrown;
    }
}

TEST(Reply, ThrowsTheServersErrors) {
    const auto wrong = failure("WRONGTYPE Operation against a key");
    EXPECT_EQ(wrong.error_code(), "WRONGTYPE");
    EXPECT_EQ(thrown_by([&] { to<int>(wrong); }),
              "the server answered with an error: WRONGTYPE Operation against a key");
    EXPECT_EQ(thrown_by([&] { to<void>(wrong); }), thrown_by([&] { to<int>(wrong); }));
    EXPECT_EQ(thrown_by([&] { to<std::optional<int>>(wrong); }), thrown_by([&] { to<int>(wrong); }));
    EXPECT_EQ(thrown_by([&] { to<std::vector<int>>(list({wrong})); }), thrown_by([&] { to<int>(wrong); }));
    EXPECT_EQ(failure("ERR").error_code(), "ERR");
    EXPECT_EQ(text("WRONGTYPE").error_code(), "");
}

TEST(Reply, DoesNotRepeatTheCallersWords) {
    EXPECT_EQ(thrown_by([] { to<void>(failure("ERR unknown command 'ATUH', with args beginning with: 'secret' ")); }),
              "the server answered with an error: ERR unknown command 'ATUH'");
}

} // namespace
} // namespace infra::redis
