#include "src/journal_entry.hpp"

#include "support.hpp"

namespace infra::logging::detail {
namespace {

using namespace std::string_literals;

std::string entry(const record_view& r) {
    line_buffer out;
    append_entry(out, r, "shop");
    return std::string(out.view());
}

/// What an entry has after its head.
std::string entry_fields(std::vector<record_field> fields) {
    const std::string head = entry({.message = "m"});
    const auto all = entry({.message = "m", .fields = fields});
    EXPECT_TRUE(all.starts_with(head)) << all;
    return all.substr(head.size());
}

TEST(JournalEntry, SaysWhatALineSays) {
    const auto here = std::source_location::current();
    const auto text = entry({.time = from_unix_ms(1'767'225'600'123),
                             .severity = level::error,
                             .module = "auth",
                             .message = "it \"broke\" \\",
                             .span = {{0x0af7651916cd43dd, 0x8448eb211c80319c}, {0xb7ad6b7169203331}, 1},
                             .sequence = 7,
                             .left_out = 3,
                             .where = here});
    EXPECT_EQ(text, "MESSAGE=it \"broke\" \\\n"
                    "PRIORITY=3\n"
                    "SYSLOG_IDENTIFIER=shop\n"
                    "TIMESTAMP=2026-01-01T00:00:00.123Z\n"
                    "LOGGER=auth\n"
                    "TRACE_ID=0af7651916cd43dd8448eb211c80319c\n"
                    "SPAN_ID=b7ad6b7169203331\n"
                    "LOG_SEQUENCE=7\n"
                    "CODE_FILE=" +
                        std::string(here.file_name()) + "\nCODE_LINE=" + std::to_string(here.line()) +
                        "\nDROPPED_FIELDS=3\n");
}

TEST(JournalEntry, LeavesOutWhatThereIsNot) {
    EXPECT_EQ(entry({.message = "m"}),
              "MESSAGE=m\nPRIORITY=6\nSYSLOG_IDENTIFIER=shop\nTIMESTAMP=1970-01-01T00:00:00.000Z\n");
}

TEST(JournalEntry, HasSyslogsPriorities) {
    const std::pair<level, std::string> table[] = {{level::debug, "PRIORITY=7\n"},
                                                   {level::info, "PRIORITY=6\n"},
                                                   {level::warn, "PRIORITY=4\n"},
                                                   {level::error, "PRIORITY=3\n"}};
    for (const auto& [l, expected] : table)
        EXPECT_NE(entry({.severity = l, .message = "m"}).find(expected), std::string::npos);
}

TEST(JournalEntry, WritesValuesWithoutTheQuotesOfJson) {
    EXPECT_EQ(entry_fields({{"port", 3000},
                            {"half", 0.5},
                            {"ok", true},
                            {"none", nullptr},
                            {"took", 12ms},
                            {"at", from_unix_ms(0)},
                            {"host", "a b"},
                            {"object", R"({"a":[1,"x"]})", true},
                            {"text", R"("it \"broke\"")", true},
                            {"count", "7", true}}),
              "PORT=3000\nHALF=0.5\nOK=true\nNONE=null\nTOOK=12\nAT=1970-01-01T00:00:00.000Z\nHOST=a b\n"
              "OBJECT={\"a\":[1,\"x\"]}\nTEXT=it \"broke\"\nCOUNT=7\n");
}

TEST(JournalEntry, LetsNoValueBecomeAFieldOfItsOwn) {
    const std::string tail = "\x0f\0\0\0\0\0\0\0"s + "a\nPRIORITY=0\n\tb\n";
    EXPECT_EQ(entry_fields({{"k", "a\nPRIORITY=0\n\tb"}}), "K\n" + tail);
    EXPECT_EQ(entry_fields({{"k", R"("a\nPRIORITY=0\n\tb")", true}}), "K\n" + tail);
    EXPECT_EQ(entry({.message = "a\nPRIORITY=0\n\tb"}).substr(0, 8 + tail.size()), "MESSAGE\n" + tail);
    EXPECT_EQ(entry({.module = "x\ny", .message = "m"}).find("LOGGER\n\x03\0\0\0\0\0\0\0x\ny\n"s),
              entry({.message = "m"}).size());
    const std::string long_one = std::string(300, 'x') + "\n";
    EXPECT_EQ(entry_fields({{"k", long_one}}), "K\n\x2d\x01\0\0\0\0\0\0"s + long_one + "\n");
}

TEST(JournalEntry, CommandsNoTerminal) {
    EXPECT_EQ(entry_fields({{"k", "\x1b[31m\r\xc2\x9b\0"s}}), "K=\\u001b[31m\\r\\u009b\\u0000\n");
    EXPECT_EQ(entry_fields({{"k", "\xff"}}), "K=\xef\xbf\xbd\n"); // and is UTF-8
}

TEST(JournalKey, IsOneThatJournaldTakes) {
    const std::pair<std::string, std::string> table[] = {
        {"port", "PORT"},
        {"http.status_code", "HTTP_STATUS_CODE"},
        {"Request-Id", "REQUEST_ID"},
        {"2fa", "F_2FA"},
        {"_pid", "PID"}, // one that begins with _ would be journald's own
        {"__", "F_"},
        {"", "F_"},
        {"a=b\nPRIORITY", "A_B_PRIORITY"},
        {"\xc3\xa9", "F___"},
        {".a", "F__A"},
        {"message", "MESSAGE_"},
        {"_Message", "MESSAGE_"},
        {"message_", "MESSAGE_"},
        {"priority", "PRIORITY_"},
        {"syslog.identifier", "SYSLOG_IDENTIFIER_"},
        {"code_file", "CODE_FILE_"},
        {"trace_id", "TRACE_ID_"},
        {std::string(100, 'a'), std::string(64, 'A')},
        {std::string(100, '1'), "F_" + std::string(62, '1')},
    };
    for (const auto& [from, expected] : table)
        EXPECT_EQ(journal_key(from), expected) << from;
}

} // namespace
} // namespace infra::logging::detail
