#include "src/s3/answer.hpp"
#include "src/s3/failure.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

namespace infra::storage::s3 {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view xml_head = R"(<?xml version="1.0" encoding="UTF-8"?>)";
constexpr wall_time noon = std::chrono::sys_days(2026y / 1 / 2) + 12h;
const checksum some_crc = checksum(checksum_kind::crc32c, "\1\2\3\4");

std::string list_of(std::string_view inside, std::string_view head = "<ListBucketResult>") {
    return std::string(xml_head).append(head).append(inside).append("</ListBucketResult>");
}

// --- Header fields ----------------------------------------------------------------------------------------------

TEST(S3Answer, DescribesAnObjectByItsHeaders) {
    const answer a{.status = 200,
                   .headers = {{"Content-Length", "12"},
                               {"ETag", "\"e1\""},
                               {"Last-Modified", "Fri, 02 Jan 2026 12:00:00 GMT"},
                               {"Content-Type", "text/plain"},
                               {"Cache-Control", "no-cache"},
                               {"Content-Disposition", "inline"},
                               {"Content-Encoding", "gzip"},
                               {"Content-Language", "de"},
                               {"X-Amz-Meta-Who", "J%C3%BCrgen"},
                               {"x-amz-meta-empty", ""},
                               {"x-amz-checksum-crc32c", "AQIDBA=="},
                               {"x-amz-checksum-type", "FULL_OBJECT"}}};
    const auto info = info_of("a", a);
    EXPECT_EQ(info.key, "a");
    EXPECT_EQ(info.size, 12u);
    EXPECT_EQ(info.etag, "e1");
    EXPECT_EQ(info.modified, noon);
    EXPECT_EQ(info.content_type, "text/plain");
    EXPECT_EQ(info.cache_control, "no-cache");
    EXPECT_EQ(info.content_disposition, "inline");
    EXPECT_EQ(info.content_encoding, "gzip");
    EXPECT_EQ(info.content_language, "de");
    EXPECT_EQ(info.metadata, (metadata_map{{"who", "Jürgen"}, {"empty", ""}}));
    EXPECT_EQ(info.checksum, some_crc);
}

TEST(S3Answer, KnowsOnlyChecksumsOfTheWholeObject) {
    using fields_of = http::headers;
    const struct {
        int status;
        fields_of headers;
        std::optional<checksum> expected;
    } table[] = {
        {200, {{"x-amz-checksum-crc32c", "AQIDBA=="}}, some_crc},
        {200,
         {{"x-amz-checksum-crc64nvme", "AAAAAAAAAAE="}},
         checksum(checksum_kind::crc64nvme, std::string(7, '\0') + "\1")},
        {200, {{"x-amz-checksum-crc32c", "AQIDBA==-3"}}, std::nullopt},
        {200, {{"x-amz-checksum-crc32c", "AQIDBA=="}, {"x-amz-checksum-type", "COMPOSITE"}}, std::nullopt},
        {200, {{"x-amz-checksum-crc32c", "nonsense"}}, std::nullopt},
        {206, {{"x-amz-checksum-crc32c", "AQIDBA=="}, {"content-range", "bytes 0-9/100"}}, std::nullopt},
        {206, {{"x-amz-checksum-crc32c", "AQIDBA=="}, {"content-range", "bytes 0-99/100"}}, some_crc},
        {206, {{"x-amz-meta-infra-crc32c", "AQIDBA=="}, {"content-range", "bytes 0-9/100"}}, some_crc},
        {200, {{"x-amz-meta-infra-crc32c", "AQIDBA=="}}, some_crc},
        {200, {}, std::nullopt},
    };
    for (const auto& row : table) {
        auto headers = row.headers;
        headers.append("content-length", "5");
        const auto info = info_of("a", {.status = row.status, .headers = headers});
        EXPECT_EQ(info.checksum, row.expected);
        EXPECT_TRUE(info.metadata.empty());
    }
}

TEST(S3Answer, KnowsChecksumsOfParts) {
    const composite_checksum of_three{some_crc, 3};
    http::headers fields{
        {"content-length", "5"}, {"x-amz-checksum-crc32c", "AQIDBA==-3"}, {"x-amz-meta-infra-part-size", "8388608"}};
    const auto known = info_of("a", {.status = 200, .headers = fields});
    EXPECT_EQ(known.composite, of_three);
    EXPECT_EQ(known.part_size, 8u << 20);
    EXPECT_TRUE(known.metadata.empty());
    fields.append("x-amz-meta-infra-crc32c", "AQIDBA==");
    const auto whole = info_of("a", {.status = 200, .headers = fields});
    EXPECT_EQ(whole.checksum, some_crc);
    EXPECT_FALSE(whole.composite);
    const http::headers without{{"content-length", "5"}, {"x-amz-meta-infra-part-size", "5"}};
    EXPECT_EQ(info_of("a", {.status = 200, .headers = without}).part_size, 0u);
    const auto made = made_of("<CompleteMultipartUploadResult><ETag>e</ETag><ChecksumCRC32C>AQIDBA==-3</ChecksumCRC32C>"
                              "<ChecksumType>COMPOSITE</ChecksumType></CompleteMultipartUploadResult>");
    EXPECT_EQ(made.composite, of_three);
    EXPECT_FALSE(made.sum);
}

TEST(S3Answer, KnowsTheWholeSizeFromAPart) {
    const answer a{.status = 206, .headers = {{"content-length", "10"}, {"content-range", "bytes 0-9/100"}}};
    EXPECT_EQ(info_of("a", a).size, 100u);
    const auto some = bytes_of({.key = "a", .range = byte_range{.offset = 0, .length = 10}}, a);
    EXPECT_EQ(some.offset, 0u);
    EXPECT_EQ(some.length, 10u);
}

TEST(S3Answer, RefusesAnObjectOfUntoldLength) {
    const answer table[] = {
        {.status = 200},
        {.status = 200, .headers = {{"content-length", "much"}}},
        {.status = 206, .headers = {{"content-length", "10"}, {"content-range", "bytes 0-9/*"}}},
    };
    for (const auto& a : table)
        EXPECT_THROW(info_of("a", a), storage_error);
}

TEST(S3Answer, TakesAPartThatEndsWithTheObject) {
    struct {
        byte_range asked;
        std::string given;
        std::uint64_t length;
    } const table[] = {
        {{.offset = 95, .length = 10}, "bytes 95-99/100", 5},
        {{.offset = 95}, "bytes 95-99/100", 5},
        {{.last = 5}, "bytes 95-99/100", 5},
        {{.last = 500}, "bytes 0-99/100", 100},
        {{.offset = 5, .length = 10}, "bytes 5-14/*", 10},
        {{.last = 5}, "bytes 95-99/*", 5},
    };
    for (const auto& row : table)
        EXPECT_EQ(bytes_of({.key = "a", .range = row.asked}, {.status = 206, .headers = {{"content-range", row.given}}})
                      .length,
                  row.length)
            << row.given;
}

TEST(S3Answer, RefusesBytesThatWereNotAskedFor) {
    const answer whole{.status = 200, .headers = {{"content-length", "100"}}};
    EXPECT_EQ(bytes_of({.key = "a"}, whole).length, 100u);
    const get_request part{.key = "a", .range = byte_range{.offset = 5, .length = 10}};
    const get_request to_the_end{.key = "a", .range = byte_range{.offset = 5}};
    const get_request the_last{.key = "a", .range = byte_range{.last = 10}};
    const std::function<void()> wrong[] = {
        [&] { bytes_of(part, whole); },
        [&] { bytes_of(part, {.status = 206, .headers = {{"content-range", "bytes 0-9/100"}}}); },
        [&] { bytes_of(part, {.status = 206, .headers = {{"content-length", "10"}}}); },
        [&] { bytes_of(part, {.status = 206, .headers = {{"content-range", "bytes 5-9/100"}}}); },
        [&] { bytes_of(part, {.status = 206, .headers = {{"content-range", "bytes 5-24/100"}}}); },
        [&] { bytes_of(to_the_end, {.status = 206, .headers = {{"content-range", "bytes 5-98/100"}}}); },
        [&] { bytes_of(the_last, {.status = 206, .headers = {{"content-range", "bytes 0-9/100"}}}); },
        [&] { bytes_of(the_last, {.status = 206, .headers = {{"content-range", "bytes 95-99/100"}}}); },
        [&] { bytes_of({.key = "a"}, {.status = 206, .headers = {{"content-range", "bytes 0-9/100"}}}); },
        [&] { bytes_of({.key = "a"}, {.status = 200}); },
    };
    for (const auto& each : wrong)
        EXPECT_THROW(each(), storage_error);
}

// --- Lists ------------------------------------------------------------------------------------------------------

constexpr std::string_view two =
    R"(<Contents><Key>a</Key><Size>3</Size><ETag>&quot;e1&quot;</ETag>)"
    R"(<LastModified>2026-01-02T12:00:00.000Z</LastModified></Contents>)"
    R"(<Contents><Key>b%2Bc+d%20</Key><Size>5000000000</Size></Contents>)"
    R"(<CommonPrefixes><Prefix>z%2F</Prefix></CommonPrefixes><EncodingType>url</EncodingType>)";

TEST(S3Answer, ReadsAPageOfVersionTwo) {
    const auto page = page_of(list_of(
        std::string(two).append("<IsTruncated>true</IsTruncated><NextContinuationToken>T==</NextContinuationToken>")));
    ASSERT_EQ(page.objects.size(), 2u);
    EXPECT_EQ(page.objects[0].key, "a");
    EXPECT_EQ(page.objects[0].size, 3u);
    EXPECT_EQ(page.objects[0].etag, "e1");
    EXPECT_EQ(page.objects[0].modified, noon);
    EXPECT_EQ(page.objects[1].key, "b+c d ");
    EXPECT_EQ(page.objects[1].size, 5'000'000'000u);
    EXPECT_EQ(page.prefixes, (std::vector<std::string>{"z/"}));
    EXPECT_EQ(page.token, "cT==");
}

TEST(S3Answer, ReadsAPageOfVersionOneAndGoesOnFromItsLastName) {
    const std::string more = "<IsTruncated>true</IsTruncated>";
    EXPECT_EQ(page_of(list_of(std::string(two) + more + "<NextMarker>q%20</NextMarker>")).token, "mz/");
    EXPECT_EQ(page_of(list_of(std::string(two) + more)).token, "mz/");
    EXPECT_EQ(page_of(list_of("<Contents><Key>a+b</Key></Contents>" + more)).token, "ma+b");
    EXPECT_EQ(page_of(list_of("<Contents><Key>a</Key></Contents><IsTruncated>false</IsTruncated>")).token, "");
}

TEST(S3Answer, TakesXmlAsStoresWriteIt) {
    const auto key_in = [](const std::string& body) { return page_of(body).objects.at(0).key; };
    const std::string contents = "<Contents><Key>a&amp;&lt;&#xe4;</Key></Contents>";
    EXPECT_EQ(key_in(list_of(contents, R"(<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)")),
              "a&<ä");
    EXPECT_EQ(
        key_in(
            R"(<s3:ListBucketResult xmlns:s3="x"><s3:Contents><s3:Key>a</s3:Key></s3:Contents></s3:ListBucketResult>)"),
        "a");
    EXPECT_EQ(key_in("\n<!-- x --><ListBucketResult>\n <Contents>\n  <Key><![CDATA[a]]>b</Key>\n "
                     "</Contents></ListBucketResult>"),
              "ab");
    EXPECT_EQ(key_in(list_of("<Contents><Key> </Key></Contents>")), " ");
    EXPECT_TRUE(page_of("<ListBucketResult/>").objects.empty());
    EXPECT_TRUE(page_of("<ListBucketResult/>").token.empty());
}

TEST(S3Answer, ExpandsNoEntitiesOfADocumentType) {
    const auto page = page_of(R"(<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><ListBucketResult>)"
                              "<Contents><Key>&e;</Key></Contents></ListBucketResult>");
    EXPECT_EQ(page.objects.at(0).key, "&e;");
}

TEST(S3Answer, SaysThatWhatAnswersIsNotS3) {
    const std::string wrong[] = {"",
                                 " ",
                                 "<html><body>Welcome</body></html>",
                                 "{}",
                                 "<ListBucketResult>",
                                 "<Error/>",
                                 std::string("\0\xff", 2),
                                 std::string(10 << 20, '<')};
    for (const auto& body : wrong) {
        try {
            page_of(body);
            ADD_FAILURE() << body.substr(0, 40);
        } catch (const storage_error& e) {
            EXPECT_EQ(e.code(), infra::errc::unavailable);
            EXPECT_TRUE(e.retryable());
            EXPECT_TRUE(std::string_view(e.what()).starts_with("what answers is not S3")) << e.what();
        }
        EXPECT_THROW(upload_id_in(body), storage_error);
        EXPECT_THROW(uploads_of(body), storage_error);
        EXPECT_THROW(parts_of(body), storage_error);
        EXPECT_THROW(made_of(body), storage_error);
        EXPECT_THROW(not_removed_of(body), storage_error);
    }
    EXPECT_THROW(upload_id_in("<InitiateMultipartUploadResult/>"), storage_error);
}

TEST(S3Answer, ReadsTheLongestListThereIs) {
    std::string many;
    for (int i = 0; i < 1000; ++i)
        many += "<Contents><Key>" + std::string(1024 * 6, 'k') +
                "</Key><LastModified>2026-01-02T12:00:00Z</LastModified><ETag>&quot;" + std::string(32, '0') +
                "&quot;</ETag><ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"
                "<Size>1</Size><StorageClass>STANDARD</StorageClass><Owner><ID>u==</ID><DisplayName>u</DisplayName>"
                "</Owner><RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2026-01-02"
                "T12:00:00Z</RestoreExpiryDate></RestoreStatus></Contents>";
    EXPECT_LT(many.size(), 8u << 20);
    EXPECT_EQ(page_of(list_of(many)).objects.size(), 1000u);
}

TEST(S3Answer, MakesNothingOfWhatWouldTakeMuchMemory) {
    const auto many = [](std::string_view piece) {
        std::string all;
        while (all.size() < (8u << 20))
            all += piece;
        return all;
    };
    for (const auto& body :
         {list_of(many("<a/>")), list_of(many("<a>x</a>")), "<ListBucketResult" + many(" b=\"\"") + "/>"}) {
        EXPECT_THROW(page_of(body), storage_error);
        EXPECT_EQ(complaint_of({.status = 503, .body = body}).code, "");
    }
}

TEST(S3Answer, ReadsTenMegabytes) {
    std::string many;
    while (many.size() < (10u << 20))
        many += "<Contents><Key>" + std::string(1000, 'k') + "</Key><Size>1</Size></Contents>";
    EXPECT_GT(page_of(list_of(many)).objects.size(), 9'000u);
}

TEST(S3Answer, IsReadOrRefusedWhateverComes) {
    std::mt19937 random(11);
    const std::string whole = list_of(two) + "<!DOCTYPE a [<!ENTITY b \"c\">]><?x y?><![CDATA[z]]>&#x0;&amp;";
    const std::function<void(const std::string&)> readers[] = {
        [](auto& body) { page_of(body); },        [](auto& body) { is_answer_of_v1(body); },
        [](auto& body) { upload_id_in(body); },   [](auto& body) { uploads_of(body); },
        [](auto& body) { parts_of(body); },       [](auto& body) { made_of(body); },
        [](auto& body) { not_removed_of(body); }, [](auto& body) { complaint_of({500, {}, body}); },
    };
    for (int i = 0; i < 3'000; ++i) {
        auto body = whole.substr(0, random() % (whole.size() + 1));
        for (auto n = random() % 4; n > 0 && !body.empty(); --n)
            body[random() % body.size()] = static_cast<char>(random());
        for (const auto& read : readers) {
            try {
                read(body);
            } catch (const storage_error&) {
            }
        }
    }
}

// --- Uploads and the rest ---------------------------------------------------------------------------------------

TEST(S3Answer, ReadsUploadsAndTheirParts) {
    EXPECT_EQ(upload_id_in("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"),
              "u");
    const auto page = uploads_of("<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>a%20</Key>"
                                 "<UploadId>u</UploadId><Initiated>2026-01-02T12:00:00Z</Initiated></Upload>"
                                 "<IsTruncated>true</IsTruncated><NextKeyMarker>a%26</NextKeyMarker>"
                                 "<NextUploadIdMarker>u&amp;</NextUploadIdMarker></ListMultipartUploadsResult>");
    ASSERT_EQ(page.uploads.size(), 1u);
    EXPECT_EQ(page.uploads[0].upload.key, "a ");
    EXPECT_EQ(page.uploads[0].upload.id, "u");
    EXPECT_EQ(page.uploads[0].begun, noon);
    EXPECT_EQ(page.token, uploads_token("a&", "u&"));
    const auto parts =
        parts_of("<ListPartsResult><ChecksumAlgorithm>CRC32C</ChecksumAlgorithm><ChecksumType>FULL_OBJECT"
                 "</ChecksumType><Part><PartNumber>2</PartNumber><ETag>\"e\"</ETag><Size>7</Size>"
                 "<ChecksumCRC32C>AQIDBA==</ChecksumCRC32C></Part><IsTruncated>true</IsTruncated>"
                 "<NextPartNumberMarker>2</NextPartNumberMarker></ListPartsResult>");
    ASSERT_EQ(parts.parts.size(), 1u);
    EXPECT_EQ(parts.parts[0].number, 2);
    EXPECT_EQ(parts.parts[0].etag, "e");
    EXPECT_EQ(parts.parts[0].size, 7u);
    EXPECT_EQ(parts.parts[0].checksum, some_crc);
    EXPECT_EQ(parts.marker, "2");
    EXPECT_TRUE(parts.keeps_sums);
    EXPECT_TRUE(parts.sums_whole);
}

TEST(S3Answer, ReadsWhatWasMade) {
    for (const std::string root : {"CopyObjectResult", "CopyPartResult", "CompleteMultipartUploadResult"}) {
        const auto m =
            made_of("<" + root + "><ETag>&quot;e-2&quot;</ETag><LastModified>2026-01-02T12:00:00Z</LastModified>" +
                    "<ChecksumCRC32C>AQIDBA==</ChecksumCRC32C></" + root + ">");
        EXPECT_EQ(m.etag, "e-2");
        EXPECT_EQ(m.modified, noon);
        EXPECT_EQ(m.sum, some_crc);
    }
    EXPECT_EQ(made_of("<CompleteMultipartUploadResult><ChecksumCRC32C>AQIDBA==-2</ChecksumCRC32C>"
                      "</CompleteMultipartUploadResult>")
                  .sum,
              std::nullopt);
}

TEST(S3Answer, ReadsWhichKeysWereNotRemoved) {
    const auto all = not_removed_of("<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b&amp;</Key>"
                                    "<Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>");
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].key, "b&");
    EXPECT_EQ(all[0].code, "AccessDenied");
}

} // namespace
} // namespace infra::storage::s3
