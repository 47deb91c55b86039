#include "src/serve/refusal.hpp"
#include "src/serve/writing.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace infra::storage::serve {
namespace {

std::string code_of(const std::function<void()>& call) {
    try {
        call();
    } catch (const refused& e) {
        return e.why().code;
    }
    return "";
}

TEST(ServeWriting, KeepsWhatHeaderFieldsSay) {
    const auto got = options_by({{"content-type", "image/jpeg"},
                                 {"Cache-Control", "no-cache"},
                                 {"Content-Disposition", "inline"},
                                 {"Content-Encoding", "gzip"},
                                 {"Content-Language", "de"},
                                 {"X-Amz-Meta-User", "J%C3%B6rg"},
                                 {"User-Agent", "curl"},
                                 {"If-None-Match", "*"}});
    EXPECT_EQ(got.content_type, "image/jpeg");
    EXPECT_EQ(got.cache_control, "no-cache");
    EXPECT_EQ(got.content_disposition, "inline");
    EXPECT_EQ(got.content_encoding, "gzip");
    EXPECT_EQ(got.content_language, "de");
    EXPECT_EQ(got.metadata, (metadata_map{{"user", "J\xc3\xb6rg"}}));
    EXPECT_TRUE(got.if_absent);
    EXPECT_EQ(options_by({}).content_type, "binary/octet-stream");
    EXPECT_EQ(options_by({{"If-Match", "\"e1\""}}).if_match, "e1");
}

TEST(ServeWriting, RefusesWhatNoStoreHereKnows) {
    for (const http::headers& fields :
         {http::headers{{"If-None-Match", "\"e1\""}}, http::headers{{"If-Match", "*"}},
          http::headers{{"If-Match", "\"a\", \"b\""}}, http::headers{{"If-None-Match", "*"}, {"If-Match", "\"a\""}},
          http::headers{{"Content-Encoding", "AWS-Chunked,gzip"}}})
        EXPECT_EQ(code_of([&] { options_by(fields); }), "NotImplemented");
}

TEST(ServeWriting, PutsTheFilesNameIntoTheKey) {
    const auto key = [](const std::string& field, const std::string& name) {
        return key_of({{"Key", field}}, {.file_name = name});
    };
    EXPECT_EQ(key("in/${filename}", "cat.png"), "in/cat.png");
    EXPECT_EQ(key("in/a", "cat.png"), "in/a");
    EXPECT_EQ(key("${filename}/${filename}", "${filename}"), "${filename}/${filename}");
    for (const std::string bad : {"", "/a", "../a", "in/${filename}/", "a/../b"})
        EXPECT_EQ(code_of([&] { key(bad, "x"); }), "InvalidArgument") << bad;
    EXPECT_EQ(code_of([&] { key("in/${filename}", ""); }), "InvalidArgument");
    EXPECT_EQ(code_of([&] { key("in/${filename}", ".."); }), "InvalidArgument");
    EXPECT_EQ(code_of([] { key_of({}, {}); }), "InvalidArgument");
}

TEST(ServeWriting, EndsAKeyThatGrowsWithoutEnd) {
    std::string field;
    for (int i = 0; i < 2900; ++i)
        field += "${filename}";
    const form_item file{.file_name = std::string(32 * 1024, 'a')};
    EXPECT_EQ(code_of([&] { key_of({{"key", field}}, file); }), "InvalidArgument");
    EXPECT_EQ(code_of([&] { key_of({{"key", field.substr(0, 20 * 11)}}, file); }), "InvalidArgument");
}

TEST(ServeWriting, KnowsPartsByTheirTwoPairs) {
    const auto part = [](sigv4::fields query) { return part_of({.query = std::move(query)}); };
    EXPECT_FALSE(part({{"response-cache-control", "x"}}));
    EXPECT_EQ(part({{"uploadId", "u"}, {"partNumber", "10000"}})->number, 10'000);
    EXPECT_EQ(part({{"uploadId", "u"}, {"partNumber", "1"}})->upload, "u");
    for (const sigv4::fields& bad : {sigv4::fields{{"uploadId", "u"}}, sigv4::fields{{"partNumber", "1"}},
                                     sigv4::fields{{"uploadId", "u"}, {"partNumber", "0"}},
                                     sigv4::fields{{"uploadId", "u"}, {"partNumber", "10001"}},
                                     sigv4::fields{{"uploadId", "u"}, {"partNumber", "1x"}}})
        EXPECT_EQ(code_of([&] { part(bad); }), "InvalidArgument");
}

TEST(ServeWriting, AnswersAFormAsItWants) {
    const object_info info{.key = "in/a&b", .etag = "e1"};
    const auto answer = [&](sigv4::fields form) { return answer_form(info, form, "local", "http://a/in/a%26b"); };
    EXPECT_EQ(answer({}).status, 204);
    EXPECT_EQ(answer({{"success_action_status", "200"}}).status, 200);
    EXPECT_EQ(answer({{"success_action_status", "500"}}).status, 204);
    const auto created = answer({{"Success_Action_Status", "201"}});
    EXPECT_EQ(created.status, 201);
    EXPECT_NE(created.body.find("<Bucket>local</Bucket><Key>in/a&amp;b</Key><ETag>&quot;e1&quot;</ETag>"),
              std::string::npos)
        << created.body;
    EXPECT_EQ(created.headers.get("Location"), "http://a/in/a%26b");
    const auto led = answer({{"success_action_redirect", "https://shop.example/done?x=1"}});
    EXPECT_EQ(led.status, 303);
    EXPECT_EQ(led.headers.get("Location"), "https://shop.example/done?x=1&bucket=local&key=in%2Fa%26b&etag=%22e1%22");
    for (const std::string nowhere : {"javascript:alert(1)", "/done", "https://a b", "https://a\r\nx: y"})
        EXPECT_EQ(answer({{"success_action_redirect", nowhere}}).status, 204) << nowhere;
}

TEST(ServeRefusal, SpeaksAsS3Does) {
    const auto made = answer_refusal({404, "NoSuchKey", "no <such> key"}, "a&b", "r1");
    EXPECT_EQ(made.status, 404);
    EXPECT_EQ(made.headers.get("Content-Type"), "application/xml");
    EXPECT_EQ(made.headers.get("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(made.body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>no "
                         "&lt;such&gt; key</Message><Key>a&amp;b</Key><RequestId>r1</RequestId></Error>");
}

TEST(ServeRefusal, NamesWhatAStoreThrows) {
    const struct {
        boost::system::error_code code;
        int status;
        std::string name;
    } cases[] = {
        {errc::not_found, 404, "NoSuchKey"},
        {errc::precondition, 412, "PreconditionFailed"},
        {errc::integrity, 400, "BadDigest"},
        {errc::too_large, 400, "EntityTooLarge"},
        {errc::full, 507, "InsufficientStorage"},
        {errc::bad_range, 416, "InvalidRange"},
        {errc::no_upload, 404, "NoSuchUpload"},
        {errc::unsupported, 501, "NotImplemented"},
        {infra::errc::invalid_input, 400, "InvalidArgument"},
        {infra::errc::overloaded, 503, "SlowDown"},
        {infra::errc::unavailable, 503, "ServiceUnavailable"},
        {infra::errc::io, 500, "InternalError"},
    };
    for (const auto& c : cases) {
        const auto made = refusal_of(storage_error(c.code, "a sentence with var/storage in it"));
        EXPECT_EQ(made.status, c.status) << c.name;
        EXPECT_EQ(made.code, c.name);
        EXPECT_EQ(made.sentence.find("var/storage"), std::string::npos);
    }
    EXPECT_EQ(refusal_of(storage_error(errc::refused, "", {.name = "InvalidPart"})).code, "InvalidPart");
}

} // namespace
} // namespace infra::storage::serve
