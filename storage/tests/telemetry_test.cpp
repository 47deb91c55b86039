#include "tests/fake_storage.hpp"

#include <infra/storage/file.hpp>
#include <infra/testing/captured_telemetry.hpp>
#include <infra/testing/test_loop.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

namespace infra::storage {
namespace {

// Over what is known of the objects that are there.
void write_beside_all(const std::filesystem::path& store, const std::string& text) {
    for (const auto& each : std::filesystem::recursive_directory_iterator(store / ".infra/meta"))
        if (each.is_regular_file())
            std::ofstream(each.path(), std::ios::binary) << text;
}

struct StorageTelemetry : fake_storage {
    testing::captured_telemetry told{"storage"};
};

TEST_F(StorageTelemetry, TellsOfEachCall) {
    get(files().put("dir/a.txt", "hello"));
    EXPECT_EQ(told.lines(), (std::vector<std::string>{"span: storage put", "set: storage.bucket=fake",
                                                      "set: storage.key=dir/a.txt", "end"}));
    get(files().get("dir/a.txt"));
    EXPECT_EQ(refusal(files().get("none"))->code(), errc::not_found);
    EXPECT_EQ(told.counted("storage_requests_total op=put status=ok"), 1);
    EXPECT_EQ(told.counted("storage_requests_total op=get status=ok"), 1);
    EXPECT_EQ(told.counted("storage_requests_total op=get status=not_found"), 1);
    EXPECT_EQ(told.counted("storage_request_duration_seconds op=get"), 2);
    EXPECT_EQ(told.counted("storage_bytes_total direction=out"), 5);
    EXPECT_EQ(told.counted("storage_bytes_total direction=in"), 5);
    EXPECT_EQ(told.counted("storage_requests_in_flight"), 0);
}

TEST_F(StorageTelemetry, TellsOfEachFurtherAttempt) {
    to->fail("put", slow);
    to->fail("put", down);
    get(files().put("a", "x"));
    EXPECT_EQ(told.counted("storage_retries_total reason=throttled"), 1);
    EXPECT_EQ(told.counted("storage_retries_total reason=unavailable"), 1);
    EXPECT_EQ(told.counted("storage_throttled_total"), 1);
    EXPECT_EQ(told.lines().at(3), "log: will be tried again bucket=fake reason=throttled attempt=2 pause=100");
}

TEST_F(StorageTelemetry, CountsRequestsThatWereMadeTwiceByWhoWon) {
    using namespace std::chrono_literals;
    to->store("a", "hello");
    options.hedge_after = 200ms;
    get(files().get("a"));
    EXPECT_FALSE(told.counts().contains("storage_hedged_total won=first"));
    to->hang("get");
    get(files().get("a"));
    EXPECT_EQ(told.counted("storage_hedged_total won=second"), 1);
    to->delay("get", 300ms);
    to->hang("get");
    get(files().get("a"));
    EXPECT_EQ(told.counted("storage_hedged_total won=first"), 1);
    EXPECT_EQ(told.counted("storage_hedged_total won=second"), 1);
    EXPECT_EQ(told.counted("storage_requests_in_flight"), 0);
}

TEST_F(StorageTelemetry, CountsWhatItsChecksumTellsOnceEach) {
    to->store("a", "hello", {}, checksum_of("hello"));
    to->flip(1);
    get(files().get("a"));
    EXPECT_EQ(told.counted("storage_checksum_failures_total"), 1);
    to->flip(1);
    const auto whole = [](storage from) -> awaitable<std::string> {
        co_return co_await read_all(co_await from.open("a"));
    };
    EXPECT_EQ(refusal(whole(files()))->code(), errc::integrity);
    EXPECT_EQ(told.counted("storage_checksum_failures_total"), 2);
}

TEST_F(StorageTelemetry, SaysInASpanWhyItFailed) {
    to->fail("head", denied);
    EXPECT_TRUE(refusal(files().head("a")));
    EXPECT_EQ(told.lines().at(3), "set: error.type=denied");
    EXPECT_EQ(told.lines().at(4), "failed: not allowed");
    EXPECT_EQ(told.counted("storage_requests_total op=head status=denied"), 1);
}

TEST_F(StorageTelemetry, TellsOnceOfEachVersionOfWhichWhatIsKnownIsDamaged) {
    const temporary_folder folder;
    const storage in({.bucket = make_file_bucket({.directory = folder.path()})});
    testing::test_loop real; // the fixture's would let its clock run while the pool works
    const std::string damages[] = {"{\"key",
                                   "",
                                   std::string(65 * 1024, ' '),
                                   R"({"key":"b.txt"})",
                                   R"({"key":"a.txt","checksum":"crc32c:AAAA"})",
                                   R"({"key":"a.txt","content_type":"a/b\r\nSet-Cookie: c=d"})"};
    double found = 0;
    for (const auto& text : damages) {
        real.get(in.put("a.txt", "hello", {.content_type = "x/y"}));
        write_beside_all(folder.path(), text);
        told.clear_lines();
        for (int i = 0; i < 2; ++i) {
            const auto object = real.get(in.get("a.txt"));
            EXPECT_EQ(object.bytes, "hello");
            EXPECT_EQ(object.info.content_type, "text/plain; charset=utf-8") << "what its name says";
            EXPECT_FALSE(object.info.checksum);
        }
        EXPECT_EQ(told.counted("storage_file_damaged_total"), ++found) << text.substr(0, 50);
        const auto logged = [](const std::string& line) { return line.starts_with("log: what is known of an object"); };
        const auto lines = told.lines();
        ASSERT_EQ(std::ranges::count_if(lines, logged), 1) << text.substr(0, 50);
        EXPECT_NE(std::ranges::find_if(lines, logged)->find(" key=a.txt file=.infra/meta/"), std::string::npos);
    }
}

TEST_F(StorageTelemetry, HasNoSignaturesAndNoKeysInMetrics) {
    get(files().put("private/key-of-ann", "x"));
    get(files().signed_url("private/key-of-ann", std::chrono::hours(1)));
    EXPECT_EQ(told.everything().find("https://"), std::string::npos);
    EXPECT_EQ(told.everything().find("expires"), std::string::npos);
    for (const auto& each : told.series())
        EXPECT_EQ(each.find("ann"), std::string::npos) << each;
}

} // namespace
} // namespace infra::storage
