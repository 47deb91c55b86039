#include "src/log_shown.hpp"
#include "src/operator_access.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::cli {
namespace {

constexpr auto new_year = 1'767'225'600'000;

json::value line_of(const char* rest) {
    auto document = boost::json::parse(R"({"id":7,"at":1767225600123,"level":"warn","module":"db","message":"slow"})");
    const auto more = boost::json::parse(rest);
    for (const auto& each : more.as_object())
        document.as_object()[each.key()] = each.value();
    return document;
}

// --- what is asked for --------------------------------------------------------------------------------------------

TEST(LogQuery, SaysWhatWasAskedFor) {
    const auto asked = [](const log_wish& wish) { return with_query("/logs", query_of(wish, from_unix_ms(new_year))); };
    EXPECT_EQ(asked({}), "/logs");
    EXPECT_EQ(asked({.words = {"timed", "out & over"}}), "/logs?text=timed%20out%20%26%20over");
    EXPECT_EQ(asked({.level = "warn", .module = "db"}), "/logs?level=warn&module=db");
    EXPECT_EQ(asked({.fields = {"order=17", "user"}}), "/logs?field=order%3A17&field=user");
    EXPECT_EQ(asked({.fields = {"a=b=c:d"}}), "/logs?field=a%3Ab%3Dc%3Ad");
    EXPECT_EQ(asked({.trace = "ab"}), "/logs?trace=ab");
    EXPECT_EQ(asked({.since = "1s"}), "/logs?since=1767225599000");
}

TEST(LogQuery, NamesTheOptionThatIsWrong) {
    const auto why = [](const log_wish& wish) -> std::string {
        try {
            query_of(wish, {});
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    for (const auto* each : {"=17", "a:b=1", ""})
        EXPECT_TRUE(why({.fields = {each}}).starts_with("--field: ")) << each;
    for (const auto* each : {"soon", "-5m", "0s"})
        EXPECT_TRUE(why({.since = each}).starts_with("--since: ")) << each;
}

// --- how it is shown ----------------------------------------------------------------------------------------------

TEST(LogLine, IsOneForPeople) {
    const struct {
        const char* with;
        const char* shown;
    } cases[] = {
        {"{}", "2026-01-01T00:00:00.123Z  warn   db  slow"},
        {R"({"level":"error","module":""})", "2026-01-01T00:00:00.123Z  error  slow"},
        {R"({"fields":{"n":17,"who":"ann","text":"two words","none":null,"empty":"","all":{"a":[1]}}})",
         R"(2026-01-01T00:00:00.123Z  warn   db  slow  n=17 who=ann text="two words" none=null empty="" all={"a":[1]})"},
        {R"({"fields":{"why":"a \"b\"\nc"},"trace":"0af7651916cd43dd8448eb211c80319c"})",
         R"(2026-01-01T00:00:00.123Z  warn   db  slow  why="a \"b\"\nc" trace=0af7651916cd43dd8448eb211c80319c)"},
        {R"({"at":"later","level":7,"fields":[]})", "1970-01-01T00:00:00.000Z  7      db  slow"},
    };
    for (const auto& each : cases)
        EXPECT_EQ(log_line_of(line_of(each.with), false), each.shown) << each.with;
    EXPECT_EQ(log_line_of("no line", false), "1970-01-01T00:00:00.000Z" + std::string(9, ' '));
}

TEST(LogLine, ShowsTheBeginningOfALongValue) {
    const auto whole =
        log_line_of(line_of((R"({"fields":{"sql":")" + std::string(5'000, 'x') + "\"}}").c_str()), false);
    EXPECT_LT(whole.size(), 300u);
    EXPECT_TRUE(whole.ends_with("xx…")) << whole;
    const auto accents = log_line_of(line_of((R"({"fields":{"t":"x)" +
                                              [] {
                                                  std::string text;
                                                  for (int i = 0; i < 500; ++i)
                                                      text += "é";
                                                  return text;
                                              }() +
                                              "\"}}")
                                                 .c_str()),
                                     false);
    EXPECT_TRUE(accents.ends_with("é…")) << accents;
}

TEST(LogLine, ShowsNothingThatATerminalWouldObey) {
    const auto evil =
        line_of(R"({"module":"a\u001b[2J","message":"b\u009b\u202ec\nd","fields":{"k\u0007":"v\u001b]0;x\u0007"}})");
    const auto shown = log_line_of(evil, false);
    EXPECT_EQ(shown, R"(2026-01-01T00:00:00.123Z  warn   a?[2J  b??c?d  k?="v\u001b]0;x\u0007")");
}

TEST(LogLine, HasColoursForWhatIsSaidByWordsToo) {
    const auto plain = log_line_of(line_of(R"({"fields":{"n":1}})"), false);
    auto coloured = log_line_of(line_of(R"({"fields":{"n":1}})"), true);
    EXPECT_NE(coloured.find("\033[33mwarn\033[0m"), std::string::npos) << coloured;
    EXPECT_NE(log_line_of(line_of(R"({"level":"error"})"), true).find("\033[31merror\033[0m"), std::string::npos);
    for (const std::string_view each : {"\033[2m", "\033[33m", "\033[0m"})
        for (auto at = coloured.find(each); at != std::string::npos; at = coloured.find(each))
            coloured.erase(at, each.size());
    EXPECT_EQ(coloured, plain);
}

TEST(LogDocument, HasTheSameMembersAlways) {
    EXPECT_EQ(json::to_text(log_document_of(line_of("{}"))),
              R"({"id":7,"at":"2026-01-01T00:00:00.123Z","level":"warn","module":"db","message":"slow","trace":null,)"
              R"("span":null,"fields":null,"source":null,"sequence":null,"left_out":null,"cut":false})");
    const auto more = log_document_of(line_of(R"({"trace":"ab","span":"cd","fields":{"n":1},"source":"a.cpp:3",)"
                                              R"("sequence":4,"left_out":2,"cut":true,"unknown":1})"));
    EXPECT_EQ(json::to_text(more),
              R"({"id":7,"at":"2026-01-01T00:00:00.123Z","level":"warn","module":"db","message":"slow","trace":"ab",)"
              R"("span":"cd","fields":{"n":1},"source":"a.cpp:3","sequence":4,"left_out":2,"cut":true})");
    EXPECT_EQ(log_document_of(7).as_object().size(), 12u);
}

// --- where one goes on --------------------------------------------------------------------------------------------

TEST(LogMark, SaysWhereToGoOnAfterABreak) {
    const log_mark last{.id = 40, .at = 100};
    const struct {
        const char* what;
        std::optional<log_mark> same;
        log_mark newest;
        std::uint64_t after;
    } cases[] = {
        {"the same service, nothing new", last, last, 40},
        {"the same service, more since", last, {.id = 90, .at = 200}, 40},
        {"more since than it keeps", std::nullopt, {.id = 900, .at = 200}, 40},
        {"another one with as many lines", log_mark{.id = 40, .at = 170}, {.id = 90, .at = 200}, 0},
        {"another one with few lines", std::nullopt, {.id = 3, .at = 200}, 0},
        {"another one with none", std::nullopt, {}, 0},
    };
    for (const auto& each : cases)
        EXPECT_EQ(go_on_after(last, each.same, each.newest), each.after) << each.what;
    EXPECT_EQ(go_on_after({}, std::nullopt, {.id = 3, .at = 1}), 0u);
    EXPECT_EQ(mark_of(line_of("{}")), (log_mark{.id = 7, .at = new_year + 123}));
    EXPECT_EQ(mark_of("none"), log_mark());
}

} // namespace
} // namespace infra::cli
