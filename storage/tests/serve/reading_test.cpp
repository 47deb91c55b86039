#include "src/serve/reading.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infra::storage::serve {
namespace {

using namespace std::chrono_literals;

object_info photo() {
    return {.key = "a.jpg",
            .size = 100,
            .etag = "e1",
            .modified = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 12h,
            .content_type = "image/jpeg",
            .cache_control = "no-cache",
            .content_disposition = "inline",
            .content_encoding = "gzip",
            .content_language = "de",
            .metadata = {{"user", "J\xc3\xb6rg"}},
            .checksum = checksum_of("x")};
}

std::string header(const reading& of, std::string_view name) { return std::string(of.headers.get(name).value_or("")); }

TEST(ServeReading, SaysOfAnObjectWhatIsKnown) {
    const auto got = answer_reading(photo(), {}, {});
    EXPECT_EQ(got.status, 200);
    EXPECT_EQ(got.offset, 0u);
    EXPECT_EQ(got.length, 100u);
    EXPECT_EQ(header(got, "Content-Type"), "image/jpeg");
    EXPECT_EQ(header(got, "Cache-Control"), "no-cache");
    EXPECT_EQ(header(got, "Content-Disposition"), "inline");
    EXPECT_EQ(header(got, "Content-Encoding"), "gzip");
    EXPECT_EQ(header(got, "Content-Language"), "de");
    EXPECT_EQ(header(got, "ETag"), "\"e1\"");
    EXPECT_EQ(header(got, "Last-Modified"), "Thu, 01 Jan 2026 12:00:00 GMT");
    EXPECT_EQ(header(got, "Accept-Ranges"), "bytes");
    EXPECT_EQ(header(got, "x-amz-meta-user"), "J%C3%B6rg");
    EXPECT_EQ(header(got, "x-amz-checksum-crc32c"), checksum_of("x").base64());
    EXPECT_EQ(header(got, "X-Content-Type-Options"), "nosniff");
}

TEST(ServeReading, SaysWhatTheUrlSaysInstead) {
    const auto got = answer_reading(photo(), {},
                                    {{"response-content-type", "text/plain"},
                                     {"response-content-disposition", "attachment; filename=\"b.txt\""},
                                     {"response-cache-control", "no-store"},
                                     {"response-content-encoding", "br"},
                                     {"response-content-language", "fr"}});
    EXPECT_EQ(header(got, "Content-Type"), "text/plain");
    EXPECT_EQ(header(got, "Content-Disposition"), "attachment; filename=\"b.txt\"");
    EXPECT_EQ(header(got, "Cache-Control"), "no-store");
    EXPECT_EQ(header(got, "Content-Encoding"), "br");
    EXPECT_EQ(header(got, "Content-Language"), "fr");
}

const struct {
    http::headers asked;
    int status;
    std::string range;
    std::uint64_t offset, length;
} questions[] = {
    {{{"Range", "bytes=0-9"}}, 206, "bytes 0-9/100", 0, 10},
    {{{"Range", "bytes=90-"}}, 206, "bytes 90-99/100", 90, 10},
    {{{"Range", "bytes=-5"}}, 206, "bytes 95-99/100", 95, 5},
    {{{"Range", "bytes=0-999"}}, 206, "bytes 0-99/100", 0, 100},
    {{{"Range", "bytes=100-"}}, 416, "bytes */100", 0, 0},
    {{{"Range", "bytes=-0"}}, 416, "bytes */100", 0, 0},
    {{{"Range", "bytes=0-1,5-6"}}, 200, "", 0, 100},
    {{{"Range", "lines=1-2"}}, 200, "", 0, 100},
    {{{"Range", "bytes=0-9"}, {"If-Range", "\"e1\""}}, 206, "bytes 0-9/100", 0, 10},
    {{{"Range", "bytes=0-9"}, {"If-Range", "\"e0\""}}, 200, "", 0, 100},
    {{{"If-None-Match", "\"e1\""}}, 304, "", 0, 0},
    {{{"If-None-Match", "\"e0\", W/\"e1\""}}, 304, "", 0, 0},
    {{{"If-None-Match", "\"e0\""}}, 200, "", 0, 100},
    {{{"If-Match", "\"e1\""}}, 200, "", 0, 100},
    {{{"If-Match", "\"e0\""}}, 412, "", 0, 0},
    {{{"If-Modified-Since", "Thu, 01 Jan 2026 12:00:00 GMT"}}, 304, "", 0, 0},
    {{{"If-Modified-Since", "Thu, 01 Jan 2026 11:59:59 GMT"}}, 200, "", 0, 100},
    {{{"If-Unmodified-Since", "Thu, 01 Jan 2026 11:59:59 GMT"}}, 412, "", 0, 0},
    {{{"If-Unmodified-Since", "Thu, 01 Jan 2026 12:00:00 GMT"}}, 200, "", 0, 100},
};

TEST(ServeReading, KeepsToRangesAndConditions) {
    for (const auto& q : questions) {
        SCOPED_TRACE(std::string(q.asked[0].name) + ": " + std::string(q.asked[0].value));
        const auto got = answer_reading(photo(), q.asked, {});
        EXPECT_EQ(got.status, q.status);
        EXPECT_EQ(header(got, "Content-Range"), q.range);
        EXPECT_EQ(got.offset, q.offset);
        EXPECT_EQ(got.length, q.length);
        EXPECT_EQ(header(got, "ETag"), "\"e1\"");
        EXPECT_EQ(header(got, "x-amz-checksum-crc32c").empty(), q.status != 200);
    }
}

TEST(ServeReading, OffersToSaveWhatABrowserWouldRun) {
    const struct {
        std::string type, disposition, said, expected;
    } cases[] = {
        {"text/html", "", "", "attachment"},
        {"Text/HTML; charset=utf-8", "inline", "", "attachment"},
        {"image/svg+xml", "", "", "attachment"},
        {"application/xhtml+xml", "", "", "attachment"},
        {"application/xml", "", "", "attachment"},
        {"text/javascript", "", "", "attachment"},
        {"application/ecmascript", "", "", "attachment"},
        {"text/xsl", "", "", "attachment"},
        {"text/plain,text/html", "", "", "attachment"},
        {"image/png; a=b, text/html", "", "", "attachment"},
        {"text/html(", "", "", "attachment"},
        {"text/html x", "", "", "attachment"},
        {"multipart/x-mixed-replace; boundary=a", "", "", "attachment"},
        {"text/html", "attachment=a; filename=b", "", "attachment"},
        {"text/html", "attachment-not", "", "attachment"},
        {"text/html", "attachment ; filename=b", "", "attachment ; filename=b"},
        {"text/html", "Attachment; filename=\"a\"", "", "Attachment; filename=\"a\""},
        {"text/html", "", "inline", "inline"},
        {"text/plain", "", "", ""},
        {"application/pdf", "inline", "", "inline"},
        {"", "", "", ""},
    };
    for (const auto& c : cases) {
        auto info = photo();
        info.content_type = c.type;
        info.content_disposition = c.disposition;
        sigv4::fields query;
        if (!c.said.empty())
            query.emplace_back("response-content-disposition", c.said);
        EXPECT_EQ(header(answer_reading(info, {}, query), "Content-Disposition"), c.expected) << c.type;
    }
    EXPECT_EQ(header(answer_reading(photo(), {}, {{"response-content-type", "text/html"}}), "Content-Disposition"),
              "attachment");
}

TEST(ServeReading, LetsNothingRunThatIsShownAllTheSame) {
    const auto policy_for = [](const std::string& type) {
        return header(answer_reading(photo(), {}, {{"response-content-type", type}}), "Content-Security-Policy");
    };
    for (const char* type : {"text/html", "image/svg+xml", "image/png", "video/mp4", "text/plain; charset=utf-8",
                             "application/pdf,text/html", "application/pdf; a, text/html", "application/octet-stream"})
        EXPECT_EQ(policy_for(type), "sandbox") << type;
    EXPECT_EQ(policy_for("application/pdf"), "") << "which Chromium does not show in a sandbox";
    EXPECT_EQ(policy_for("Application/PDF"), "");
    EXPECT_EQ(header(answer_reading(photo(), {{"Range", "bytes=0-9"}}, {}), "Content-Security-Policy"), "sandbox");
}

TEST(ServeReading, AnswersForAnObjectOfNoBytes) {
    object_info none{.etag = "e0"};
    EXPECT_EQ(answer_reading(none, {}, {}).status, 200);
    EXPECT_EQ(answer_reading(none, {{"Range", "bytes=0-"}}, {}).status, 416);
    EXPECT_EQ(header(answer_reading(none, {}, {}), "Content-Type"), "application/octet-stream");
}

} // namespace
} // namespace infra::storage::serve
