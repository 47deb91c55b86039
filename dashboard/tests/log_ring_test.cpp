#include "src/logs/log_answers.hpp"
#include "src/logs/log_document.hpp"
#include "src/query.hpp"
#include "tests/log_support.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr auto newest = std::uint64_t(-1);

std::vector<std::string> messages_of(const std::vector<kept_line>& lines) {
    std::vector<std::string> out;
    for (const auto& each : lines)
        out.emplace_back(each.message);
    return out;
}

using messages = std::vector<std::string>;

TEST(LogRing, KeepsALineAsItWas) {
    log_ring ring(1 << 20);
    const auto at = from_unix_ms(1'767'225'600'123);
    write(ring, {.severity = level::warn,
                 .module = "db.pool",
                 .message = "slow",
                 .fields = {{"took", 412ms},
                            {"query", "select 1"},
                            {"rows", 7},
                            {"whole", true},
                            {"ratio", 0.5},
                            {"at", at},
                            {"nothing", nullptr},
                            {"big", std::uint64_t(-1)},
                            {"who", R"({"name":"x"})", true}},
                 .time = at,
                 .trace = {1, 2}});
    const auto found = search(ring.look(), {}, newest, 10, 10);
    ASSERT_EQ(found.lines.size(), 1U);
    EXPECT_EQ(json::to_text(document_of(found.lines[0], 8192)),
              R"({"id":1,"at":1767225600123,"level":"warn","module":"db.pool","message":"slow",)"
              R"("trace":"00000000000000010000000000000002","span":"0000000000000001","fields":{"took":412,)"
              R"("query":"select 1","rows":7,"whole":true,"ratio":0.5,"at":"2026-01-01T00:00:00.123Z","nothing":null,)"
              R"("big":18446744073709551615,"who":{"name":"x"}}})");
    EXPECT_EQ(json_line_of(found.lines[0]),
              R"({"timestamp":"2026-01-01T00:00:00.123Z","level":"warn","module":"db.pool","message":"slow",)"
              R"("trace_id":"00000000000000010000000000000002","span_id":"0000000000000001","took":412,)"
              R"("query":"select 1","rows":7,"whole":true,"ratio":0.5,"at":"2026-01-01T00:00:00.123Z","nothing":null,)"
              R"("big":18446744073709551615,"who":{"name":"x"}})"
              "\n");
}

TEST(LogRing, ForgetsTheOldestWithinItsBytes) {
    log_ring ring(64 * 1024);
    for (int i = 0; i < 10'000; ++i)
        write(ring, {.message = "line " + std::to_string(i), .fields = {{"number", i}}});
    const auto kept = ring.look();
    EXPECT_LE(kept.bytes(), 64U * 1024);
    EXPECT_GT(kept.bytes(), 48U * 1024); // and uses them
    EXPECT_EQ(kept.last(), 10'000U);
    EXPECT_GT(kept.first(), 1U);
    const auto found = search(kept, {}, newest, 3, 100);
    EXPECT_EQ(messages_of(found.lines), (messages{"line 9999", "line 9998", "line 9997"}));
}

TEST(LogRing, CutsWhatIsVeryLong) {
    log_ring ring(4 << 20);
    const std::string huge(5 << 20, 'x');
    write(ring, {.message = huge, .fields = {{"after", 1}}});
    write(ring, {.message = "a field", .fields = {{"huge", huge}, {"behind", 2}}});
    const auto kept = ring.look();
    EXPECT_LE(kept.bytes(), 4U << 20);
    const auto found = search(kept, {}, newest, 2, 2).lines;
    EXPECT_TRUE(found.at(1).cut);
    EXPECT_EQ(found.at(1).message.size(), log_ring::longest_line);
    EXPECT_EQ(found.at(0).left_out, 2U);
}

TEST(LogRing, HoldsWhatSomebodyLooksAtWhileItIsOverwritten) {
    log_ring ring(16 * 1024);
    write(ring, {.message = "the first"});
    const auto held = ring.look();
    for (int i = 0; i < 5000; ++i)
        write(ring, {.message = "later"});
    EXPECT_GT(ring.look().first(), 1U);
    EXPECT_EQ(messages_of(search(held, {}, newest, 9, 9).lines), messages{"the first"});
}

TEST(LogRing, IsReadWhileItIsWritten) {
    log_ring ring(64 * 1024);
    std::atomic<bool> done{false};
    std::jthread writer([&] {
        for (int i = 0; i < 20'000; ++i)
            write(ring, {.message = "m", .fields = {{"n", i}}});
        done = true;
    });
    while (!done) {
        const auto kept = ring.look();
        std::uint64_t before = kept.last() + 1;
        kept.newest_first(newest, [&](const kept_line& line) {
            EXPECT_EQ(line.id, --before);
            EXPECT_EQ(line.message, "m");
            return !::testing::Test::HasFailure();
        });
    }
}

// --- search -------------------------------------------------------------------------------------------------------

struct log_search : ::testing::Test {
    log_ring ring{1 << 20};
    void SetUp() override {
        const auto begin = from_unix_ms(1'767'225'600'000);
        write(ring, {.module = "db", .message = "opened", .time = begin});
        write(ring, {.severity = level::warn,
                     .module = "db.pool",
                     .message = "Slow",
                     .fields = {{"took", 412}},
                     .time = begin + 1s});
        write(ring, {.severity = level::error,
                     .module = "dbx",
                     .message = "failed",
                     .fields = {{"user", "ann"}, {"error", "no such job"}},
                     .time = begin + 2s,
                     .trace = {1, 2}});
        write(ring, {.severity = level::debug, .message = "done", .fields = {{"user", "bob"}}, .time = begin + 3s});
    }
    messages found(const std::string& query) const {
        const auto r = http::request::make({.target = "/logs?" + query});
        return messages_of(search(ring.look(), log_filter_of(r), newest, 10, 100).lines);
    }
};

TEST_F(log_search, FindsWhatWasAskedForNewestFirst) {
    const struct {
        const char* query;
        messages expected;
    } cases[] = {
        {"", {"done", "failed", "Slow", "opened"}},
        {"level=warn", {"failed", "Slow"}},
        {"module=db", {"Slow", "opened"}},
        {"module=db.pool", {"Slow"}},
        {"text=slow", {"Slow"}},
        {"text=NO+SUCH", {"failed"}},
        {"text=412", {"Slow"}},
        {"text=user", {"done", "failed"}},
        {"field=user:ann", {"failed"}},
        {"field=took:412", {"Slow"}},
        {"field=user", {"done", "failed"}},
        {"field=user:ann&field=user:bob", {}},
        {"trace=00000000000000010000000000000002", {"failed"}},
        {"since=1767225602000", {"done", "failed"}},
        {"until=1767225602000", {"Slow", "opened"}},
        {"level=error&module=db", {}},
    };
    for (const auto& each : cases)
        EXPECT_EQ(found(each.query), each.expected) << each.query;
}

TEST_F(log_search, RefusesWhatItCannotRead) {
    for (const auto* each : {"level=loud", "trace=xyz", "since=yesterday", "trace=00000000000000000000000000000000"})
        EXPECT_THROW(found(each), http::error_response) << each;
}

TEST_F(log_search, LooksNoFurtherThanItMayAndSaysWhereToGoOn) {
    const auto kept = ring.look();
    const auto first = search(kept, {.module = "db"}, newest, 10, 2); // two lines looked at, none of db
    EXPECT_TRUE(first.lines.empty());
    EXPECT_EQ(first.looked_at, 2U);
    EXPECT_EQ(first.further, 3U);
    const auto rest = search(kept, {.module = "db"}, first.further, 10, 100);
    EXPECT_EQ(messages_of(rest.lines), (messages{"Slow", "opened"}));
    EXPECT_EQ(rest.further, 0U);
}

TEST_F(log_search, TellsWhatIsNewAndHowMuchWasTooMuch) {
    const auto all = news_since(ring.look(), {}, 1, 2);
    EXPECT_EQ(messages_of(all.lines), (messages{"failed", "done"})); // the newest of three
    EXPECT_EQ(all.skipped, 1U);
    EXPECT_EQ(all.next, 4U);
    EXPECT_TRUE(news_since(ring.look(), {}, all.next, 2).lines.empty());
}

// The log goes on while somebody makes text of what he found.
TEST_F(log_search, KeepsWhatItFoundHoweverMuchIsWrittenMeanwhile) {
    const auto found = search(ring.look(), {}, newest, 10, 100);
    const auto news = news_since(ring.look(), {}, 1, 10);
    const std::string much(8 * 1024, 'x');
    for (int i = 0; i < 1000; ++i)
        write(ring, {.message = much});
    EXPECT_GT(ring.look().first(), 4U) << "they are gone from the ring";
    EXPECT_EQ(messages_of(found.lines), (messages{"done", "failed", "Slow", "opened"}));
    EXPECT_EQ(messages_of(news.lines), (messages{"Slow", "failed", "done"}));
}

TEST_F(log_search, ShowsTheLinesAroundOne) {
    const auto kept = ring.look();
    EXPECT_EQ(around(kept, 2, 1).size(), 3U);
    EXPECT_EQ(around(kept, 1, 20).size(), 4U);
    EXPECT_TRUE(around(kept, 9, 20).empty());
    EXPECT_EQ(line_answer(kept, 3).at("message"), "failed");
    EXPECT_TRUE(line_answer(kept, 9).is_null());
}

TEST_F(log_search, ExportsInOrderPieceByPiece) {
    const auto kept = ring.look();
    const auto all = exported_after(kept, {.from = level::warn}, 0, 4);
    EXPECT_TRUE(all.end);
    EXPECT_EQ(std::ranges::count(all.text, '\n'), 2);
    EXPECT_LT(all.text.find("Slow"), all.text.find("failed"));
    EXPECT_EQ(exported_after(kept, {}, 0, 1).text.find("failed"), std::string::npos); // what came later is not in it
}

TEST(LogDocument, CutsLongTextsOnlyBetweenCharacters) {
    log_ring ring(1 << 20);
    write(ring, {.message = "\u00e9\u00e9\u00e9", .fields = {{"x", "abc"}}}); // two bytes each
    const auto line = search(ring.look(), {}, newest, 1, 1).lines.at(0);
    const auto shown = document_of(line, 5);
    EXPECT_EQ(shown.at("message"), "\u00e9\u00e9");
    EXPECT_EQ(shown.at("fields").at("x"), "a");
    EXPECT_EQ(shown.at("cut"), true);
    EXPECT_FALSE(document_of(line, 9).contains("cut"));
}

TEST(LogDocument, IsUtf8WhateverTheBytes) {
    log_ring ring(1 << 20);
    write(ring, {.module = "\xFF", .message = "\xC0\xAF", .fields = {{"k\xFF", "\xFE"}}});
    const auto line = search(ring.look(), {}, newest, 1, 1).lines.at(0);
    EXPECT_TRUE(json::parse(json::to_text(document_of(line, 100))));
    EXPECT_TRUE(json::parse(json_line_of(line)));
}

} // namespace
} // namespace infra::dashboard
