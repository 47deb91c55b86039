#include "tests/fake_storage.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/storage/file.hpp>
#include <infra/testing/test_loop.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <vector>

namespace infra::storage {
namespace {

/// All that is told, as text; one at a time, since the tables belong to the process.
struct told {
    std::mutex mutex;
    std::set<std::string> series;
    std::map<std::string, double> counted;
    std::vector<std::string> lines;
};
told& book() {
    static told all;
    return all;
}

std::string text_of(const field_value& v) {
    switch (v.type()) {
    case field_value::kind::unsigned_integer: return std::to_string(v.unsigned_integer());
    case field_value::kind::signed_integer: return std::to_string(v.signed_integer());
    case field_value::kind::text: return std::string(v.text());
    case field_value::kind::duration: return std::to_string(static_cast<int>(v.milliseconds()));
    default: return "?";
    }
}

std::string line_of(std::string_view what, std::span<const field> fields) {
    std::string line(what);
    for (const auto& [key, value] : fields)
        line.append(" ").append(key).append("=").append(text_of(value));
    return line;
}

void note(std::string line) {
    const std::scoped_lock lock(book().mutex);
    book().lines.push_back(std::move(line));
}

bool log_enabled(level, std::string_view) noexcept { return true; }
void log_write(const log_record& r) noexcept { note(line_of("log: " + std::string(r.message), r.fields)); }

void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
    if (!of.name.starts_with("storage"))
        return nullptr; // the blocking pool's
    std::string name(of.name);
    for (const auto& [key, value] : labels)
        name.append(" ").append(key).append("=").append(value);
    const std::scoped_lock lock(book().mutex);
    return const_cast<std::string*>(&*book().series.insert(name).first);
}
void count(void* series, double by) noexcept {
    const std::scoped_lock lock(book().mutex);
    book().counted[*static_cast<std::string*>(series)] += by;
}
void observe(void* series, double) noexcept { count(series, 1); }

bool sample(trace_id, const span_context&, std::string_view, span_kind) noexcept { return true; }
void* start(std::string_view name, span_kind, const span_context&, span_id, wall_time) noexcept {
    note("span: " + std::string(name));
    return &book();
}
void set(void*, std::span<const field> fields) noexcept { note(line_of("set:", fields)); }
void event(void*, std::string_view name, std::span<const field> fields, wall_time) noexcept {
    note(line_of("event: " + std::string(name), fields));
}
void status(void*, span_status, std::string_view why) noexcept { note("failed: " + std::string(why)); }
void rename(void*, std::string_view) noexcept {}
void end(void*, wall_time) noexcept { note("end"); }

constexpr telemetry::log_functions logs{&log_enabled, &log_write};
constexpr telemetry::meter_functions meter{&bind, &count, &observe};
constexpr telemetry::tracer_functions tracer{&sample, &start, &set, &event, &status, &rename, &end};

// Over what is known of the objects that are there.
void write_beside_all(const std::filesystem::path& store, const std::string& text) {
    for (const auto& each : std::filesystem::recursive_directory_iterator(store / ".infra/meta"))
        if (each.is_regular_file())
            std::ofstream(each.path(), std::ios::binary) << text;
}

struct StorageTelemetry : fake_storage {
    StorageTelemetry() {
        book().series.clear();
        book().counted.clear();
        book().lines.clear();
        telemetry::install(&logs);
        telemetry::install(&meter);
        telemetry::install(&tracer);
    }
    ~StorageTelemetry() override {
        telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
        telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
        telemetry::install(static_cast<const telemetry::tracer_functions*>(nullptr));
    }

    static double counted(const std::string& series) { return book().counted[series]; }
    static std::string everything() {
        std::string all;
        for (const auto& each : book().lines)
            all += each + "\n";
        for (const auto& each : book().series)
            all += each + "\n";
        return all;
    }
};

TEST_F(StorageTelemetry, TellsOfEachCall) {
    get(files().put("dir/a.txt", "hello"));
    EXPECT_EQ(book().lines, (std::vector<std::string>{"span: storage put", "set: storage.bucket=fake",
                                                      "set: storage.key=dir/a.txt", "end"}));
    get(files().get("dir/a.txt"));
    EXPECT_EQ(refusal(files().get("none"))->code(), errc::not_found);
    EXPECT_EQ(counted("storage_requests_total op=put status=ok"), 1);
    EXPECT_EQ(counted("storage_requests_total op=get status=ok"), 1);
    EXPECT_EQ(counted("storage_requests_total op=get status=not_found"), 1);
    EXPECT_EQ(counted("storage_request_duration_seconds op=get"), 2);
    EXPECT_EQ(counted("storage_bytes_total direction=out"), 5);
    EXPECT_EQ(counted("storage_bytes_total direction=in"), 5);
    EXPECT_EQ(counted("storage_requests_in_flight"), 0);
}

TEST_F(StorageTelemetry, TellsOfEachFurtherAttempt) {
    to->fail("put", slow);
    to->fail("put", down);
    get(files().put("a", "x"));
    EXPECT_EQ(counted("storage_retries_total reason=throttled"), 1);
    EXPECT_EQ(counted("storage_retries_total reason=unavailable"), 1);
    EXPECT_EQ(counted("storage_throttled_total"), 1);
    EXPECT_EQ(book().lines.at(3), "log: will be tried again bucket=fake reason=throttled attempt=2 pause=100");
}

TEST_F(StorageTelemetry, CountsRequestsThatWereMadeTwiceByWhoWon) {
    using namespace std::chrono_literals;
    to->store("a", "hello");
    options.hedge_after = 200ms;
    get(files().get("a"));
    EXPECT_FALSE(book().counted.contains("storage_hedged_total won=first"));
    to->hang("get");
    get(files().get("a"));
    EXPECT_EQ(counted("storage_hedged_total won=second"), 1);
    to->delay("get", 300ms);
    to->hang("get");
    get(files().get("a"));
    EXPECT_EQ(counted("storage_hedged_total won=first"), 1);
    EXPECT_EQ(counted("storage_hedged_total won=second"), 1);
    EXPECT_EQ(counted("storage_requests_in_flight"), 0);
}

TEST_F(StorageTelemetry, CountsWhatItsChecksumTellsOnceEach) {
    to->store("a", "hello", {}, checksum_of("hello"));
    to->flip(1);
    get(files().get("a"));
    EXPECT_EQ(counted("storage_checksum_failures_total"), 1);
    to->flip(1);
    const auto whole = [](storage from) -> awaitable<std::string> {
        co_return co_await read_all(co_await from.open("a"));
    };
    EXPECT_EQ(refusal(whole(files()))->code(), errc::integrity);
    EXPECT_EQ(counted("storage_checksum_failures_total"), 2);
}

TEST_F(StorageTelemetry, SaysInASpanWhyItFailed) {
    to->fail("head", denied);
    EXPECT_TRUE(refusal(files().head("a")));
    EXPECT_EQ(book().lines.at(3), "set: error.type=denied");
    EXPECT_EQ(book().lines.at(4), "failed: not allowed");
    EXPECT_EQ(counted("storage_requests_total op=head status=denied"), 1);
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
        book().lines.clear();
        for (int i = 0; i < 2; ++i) {
            const auto object = real.get(in.get("a.txt"));
            EXPECT_EQ(object.bytes, "hello");
            EXPECT_EQ(object.info.content_type, "text/plain; charset=utf-8") << "what its name says";
            EXPECT_FALSE(object.info.checksum);
        }
        EXPECT_EQ(counted("storage_file_damaged_total"), ++found) << text.substr(0, 50);
        const auto logged = [](const std::string& line) { return line.starts_with("log: what is known of an object"); };
        ASSERT_EQ(std::ranges::count_if(book().lines, logged), 1) << text.substr(0, 50);
        EXPECT_NE(std::ranges::find_if(book().lines, logged)->find(" key=a.txt file=.infra/meta/"), std::string::npos);
    }
}

TEST_F(StorageTelemetry, HasNoSignaturesAndNoKeysInMetrics) {
    get(files().put("private/key-of-ann", "x"));
    get(files().signed_url("private/key-of-ann", std::chrono::hours(1)));
    EXPECT_EQ(everything().find("https://"), std::string::npos);
    EXPECT_EQ(everything().find("expires"), std::string::npos);
    for (const auto& each : book().series)
        EXPECT_EQ(each.find("ann"), std::string::npos) << each;
}

} // namespace
} // namespace infra::storage
