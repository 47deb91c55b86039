#include "src/checks.hpp"
#include "src/put_mark.hpp"
#include "src/s3/request.hpp"

#include "tests/support.hpp"

#include <infra/base/http_date.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::storage::s3 {
namespace {

const checksum some_crc = checksum(checksum_kind::crc32c, "\1\2\3\4");

TEST(S3Request, PutsAnObjectWithAllThatIsSaidOfIt) {
    const auto r = put_object({.key = "a b",
                               .attributes = {.content_type = "text/plain",
                                              .cache_control = "no-cache",
                                              .content_disposition = "inline",
                                              .content_encoding = "gzip",
                                              .content_language = "de",
                                              .metadata = {{"who", "Jürgen"}},
                                              .store_headers = {{"x-amz-storage-class", "STANDARD_IA"}}},
                               .write = {.if_absent = true}},
                              "hello", {.header = some_crc, .metadata = some_crc, .md5 = "XUFAKrxLKna5cZ2REBfFkg=="});
    EXPECT_EQ(r.method, http::method::put);
    EXPECT_EQ(r.key, "a b");
    EXPECT_TRUE(r.query.empty());
    EXPECT_EQ(r.headers, (fields{{"content-type", "text/plain"},
                                 {"cache-control", "no-cache"},
                                 {"content-disposition", "inline"},
                                 {"content-encoding", "gzip"},
                                 {"content-language", "de"},
                                 {"x-amz-meta-who", "J%C3%BCrgen"},
                                 {"x-amz-storage-class", "STANDARD_IA"},
                                 {"if-none-match", "*"},
                                 {"x-amz-checksum-crc32c", "AQIDBA=="},
                                 {"x-amz-meta-infra-crc32c", "AQIDBA=="},
                                 {"content-md5", "XUFAKrxLKna5cZ2REBfFkg=="}}));
    EXPECT_EQ(r.body.view(), "hello");
    EXPECT_TRUE(put_object({.key = "a"}, {}, {}).headers.empty());
    EXPECT_EQ(put_object({.key = "a", .write = {.if_match = "e1"}}, {}, {}).headers, (fields{{"if-match", "\"e1\""}}));
}

std::size_t metadata_in(const request& r) {
    constexpr std::string_view prefix = "x-amz-meta-";
    std::size_t size = 0;
    for (const auto& [name, value] : r.headers)
        size += name.starts_with(prefix) ? name.size() - prefix.size() + value.size() : 0;
    return size;
}

// The longest that callers may give, and all that is put beside it.
TEST(S3Request, KeepsTheMetadataWithinTwoKibibytes) {
    object_attributes longest{.metadata = {{"a", std::string(2048, 'x')}}};
    while (refusal_of([&] { checked(longest, {}); }))
        longest.metadata["a"].pop_back();
    mark(longest);
    const auto sum = checksum_of("", checksum_kind::sha256);
    EXPECT_LE(metadata_in(put_object({.attributes = longest}, {}, {.metadata = sum})), 2048u);
    const put_request by_parts{.attributes = longest, .part_size = 5ull << 30};
    EXPECT_LE(metadata_in(create_upload(by_parts, checksum_kind::sha256, {})), 2048u);
    EXPECT_LE(metadata_in(create_upload(by_parts, checksum_kind::crc64nvme,
                                        {.metadata = checksum_of("", checksum_kind::crc64nvme)})),
              2048u);
}

TEST(S3Request, GetsWithRangeConditionsAndTheChecksum) {
    const auto r = get_object({.key = "a",
                               .range = byte_range{.offset = 2, .length = 3},
                               .read = {.if_match = "e1",
                                        .if_none_match = "e2",
                                        .if_modified_since = wall_time{},
                                        .if_unmodified_since = wall_time{}}});
    EXPECT_EQ(r.method, http::method::get);
    EXPECT_EQ(r.headers, (fields{{"if-match", "\"e1\""},
                                 {"if-none-match", "\"e2\""},
                                 {"if-modified-since", "Thu, 01 Jan 1970 00:00:00 GMT"},
                                 {"if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"},
                                 {"x-amz-checksum-mode", "ENABLED"},
                                 {"range", "bytes=2-4"}}));
    EXPECT_EQ(head_object("a", {}).method, http::method::head);
}

TEST(S3Request, RemovesOneOrMany) {
    EXPECT_EQ(delete_object("a", "e1").headers, (fields{{"if-match", "\"e1\""}}));
    const auto many = delete_objects({"a&b", "<c>"});
    EXPECT_EQ(many.method, http::method::post);
    EXPECT_EQ(many.query, (fields{{"delete", ""}}));
    EXPECT_EQ(many.body.view(), R"(<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>)"
                                "<Object><Key>a&amp;b</Key></Object><Object><Key>&lt;c&gt;</Key></Object></Delete>");
}

TEST(S3Request, CopiesWithTheSourcesAttributesOrOthers) {
    EXPECT_EQ(copy_object({.from = "a b", .to = "c", .source_if_match = "e1"}, "photos").headers,
              (fields{{"x-amz-copy-source", "/photos/a%20b"},
                      {"x-amz-copy-source-if-match", "\"e1\""},
                      {"x-amz-metadata-directive", "COPY"}}));
    EXPECT_EQ(copy_object({.from = "a",
                           .to = "a",
                           .attributes = object_attributes{.content_type = "text/css"},
                           .write = {.if_match = "e2"}},
                          "photos")
                  .headers,
              (fields{{"x-amz-copy-source", "/photos/a"},
                      {"x-amz-metadata-directive", "REPLACE"},
                      {"content-type", "text/css"},
                      {"if-match", "\"e2\""}}));
}

TEST(S3Request, ListsInBothVersions) {
    const list_options first{.prefix = "in/", .delimiter = "/", .start_after = "in/b", .limit = 10};
    EXPECT_EQ(list_objects(first, list_version::v2).query, (fields{{"list-type", "2"},
                                                                   {"encoding-type", "url"},
                                                                   {"max-keys", "10"},
                                                                   {"prefix", "in/"},
                                                                   {"delimiter", "/"},
                                                                   {"start-after", "in/b"}}));
    EXPECT_EQ(
        list_objects(first, list_version::v1).query,
        (fields{
            {"encoding-type", "url"}, {"max-keys", "10"}, {"prefix", "in/"}, {"delimiter", "/"}, {"marker", "in/b"}}));
    const auto place = [](const char* token, list_version v) {
        return list_objects({.start_after = "z", .token = token}, v).query.back();
    };
    EXPECT_EQ(place("cTOKEN", list_version::v2), (std::pair<std::string, std::string>("continuation-token", "TOKEN")));
    EXPECT_EQ(place("mlast", list_version::v2), (std::pair<std::string, std::string>("start-after", "last")));
    EXPECT_EQ(place("mlast", list_version::v1), (std::pair<std::string, std::string>("marker", "last")));
}

TEST(S3Request, UploadsByParts) {
    const upload_id up{"a", "id+1"};
    const auto begin = create_upload({.key = "a", .attributes = {.content_type = "x/y"}}, checksum_kind::crc64nvme,
                                     {.header = some_crc, .metadata = some_crc, .md5 = "x"});
    EXPECT_EQ(begin.method, http::method::post);
    EXPECT_EQ(begin.query, (fields{{"uploads", ""}}));
    EXPECT_EQ(begin.headers, (fields{{"content-type", "x/y"},
                                     {"x-amz-checksum-algorithm", "CRC64NVME"},
                                     {"x-amz-checksum-type", "FULL_OBJECT"},
                                     {"x-amz-meta-infra-crc32c", "AQIDBA=="}}));
    EXPECT_EQ(create_upload({.key = "a", .part_size = 8u << 20}, checksum_kind::sha256, {}).headers,
              (fields{{"x-amz-checksum-algorithm", "SHA256"},
                      {"x-amz-checksum-type", "COMPOSITE"},
                      {"x-amz-meta-infra-part-size", "8388608"}}));
    const auto one = upload_part(up, 7, "bytes", {.header = some_crc, .metadata = some_crc});
    EXPECT_EQ(one.query, (fields{{"partNumber", "7"}, {"uploadId", "id+1"}}));
    EXPECT_EQ(one.headers, (fields{{"x-amz-checksum-crc32c", "AQIDBA=="}}));
    EXPECT_EQ(upload_part_copy(up, 1, {.from = "ä", .offset = 10, .length = 5, .if_match = "e"}, "photos").headers,
              (fields{{"x-amz-copy-source", "/photos/%C3%A4"},
                      {"x-amz-copy-source-if-match", "\"e\""},
                      {"x-amz-copy-source-range", "bytes=10-14"}}));
    EXPECT_EQ(list_parts(up, "1000").query, (fields{{"uploadId", "id+1"}, {"part-number-marker", "1000"}}));
    EXPECT_EQ(abort_upload(up).method, http::method::delete_);
}

TEST(S3Request, CompletesAnUploadWithTheChecksumsThatTheStoreKeeps) {
    const std::vector<part> parts{{.number = 1, .etag = "e1", .checksum = some_crc}, {.number = 2, .etag = "e2"}};
    const auto with = complete_upload({"a", "u"}, parts, {.if_absent = true}, true, {.header = some_crc});
    EXPECT_EQ(with.headers, (fields{{"content-type", "application/xml"},
                                    {"if-none-match", "*"},
                                    {"x-amz-checksum-crc32c", "AQIDBA=="},
                                    {"x-amz-checksum-type", "FULL_OBJECT"}}));
    EXPECT_EQ(with.body.view(),
              R"(<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)"
              R"(<Part><PartNumber>1</PartNumber><ETag>"e1"</ETag><ChecksumCRC32C>AQIDBA==</ChecksumCRC32C></Part>)"
              R"(<Part><PartNumber>2</PartNumber><ETag>"e2"</ETag></Part></CompleteMultipartUpload>)");
    const auto without = complete_upload({"a", "u"}, parts, {}, false, {});
    EXPECT_EQ(without.headers, (fields{{"content-type", "application/xml"}}));
    EXPECT_EQ(without.body.view().find("Checksum"), std::string_view::npos);
}

TEST(S3Request, ListsUploadsFromAToken) {
    EXPECT_EQ(uploads_token("", "x"), "");
    const auto r = list_uploads("in/", uploads_token("a&b", "id%1"));
    EXPECT_EQ(r.query, (fields{{"uploads", ""},
                               {"encoding-type", "url"},
                               {"max-uploads", "1000"},
                               {"prefix", "in/"},
                               {"key-marker", "a&b"},
                               {"upload-id-marker", "id%1"}}));
}

} // namespace
} // namespace infra::storage::s3
