#include "src/file/sidecar.hpp"

#include <gtest/gtest.h>

namespace infra::storage::disk {
namespace {

TEST(FileSidecar, IsALineThatPeopleCanRead) {
    EXPECT_EQ(to_text({"a.txt", {.content_type = "text/plain"}, checksum_of("x")}),
              "{\"key\":\"a.txt\",\"content_type\":\"text/plain\",\"checksum\":\"crc32c:" + checksum_of("x").base64() +
                  "\"}\n");
}

TEST(FileSidecar, GivesBackWhatItKeeps) {
    const sidecar all{"d/ü.txt",
                      {.content_type = "text/plain; charset=utf-8",
                       .cache_control = "no-store",
                       .content_disposition = "attachment; filename=\"x\"",
                       .content_encoding = "gzip",
                       .content_language = "de",
                       .metadata = {{"by", "Ånn \"A\""}, {"empty", ""}}},
                      checksum_of("bytes", checksum_kind::crc64nvme)};
    for (const auto& from : {all, sidecar{.key = "a"}}) {
        const auto back = from_text(to_text(from));
        ASSERT_TRUE(back);
        const auto a = info_of(from.key, {1, 2}, from), b = info_of(back->key, {1, 2}, *back);
        EXPECT_EQ(a.key, b.key);
        EXPECT_EQ(a.content_type, b.content_type);
        EXPECT_EQ(a.cache_control, b.cache_control);
        EXPECT_EQ(a.content_disposition, b.content_disposition);
        EXPECT_EQ(a.content_encoding, b.content_encoding);
        EXPECT_EQ(a.content_language, b.content_language);
        EXPECT_EQ(a.metadata, b.metadata);
        EXPECT_EQ(a.checksum, b.checksum);
    }
}

TEST(FileSidecar, IsNothingWhereItIsNotOurs) {
    for (const char* text : {"", "{", "{}", "[]", "{\"key\":1}", "{\"key\":\"a\",\"checksum\":\"md5:AAAA\"}",
                             "{\"key\":\"a\",\"checksum\":\"crc32c:AAAA\"}", "{\"key\":\"a\",\"metadata\":[1]}"})
        EXPECT_FALSE(from_text(text)) << text;
}

TEST(FileSidecar, IsNothingWhereNoHeaderCouldCarryIt) {
    for (const char* text : {R"({"key":"a","content_type":"text/plain\r\nSet-Cookie: a=b"})",
                             R"({"key":"a","content_disposition":"a\u0000b"})",
                             R"({"key":"a","content_language":"\n"})", R"({"key":"a","metadata":{"by":"a\nb"}})",
                             R"({"key":"a","metadata":{"b y":"a"}})", R"({"key":"a","metadata":{"":"a"}})"})
        EXPECT_FALSE(from_text(text)) << text;
}

TEST(FileSidecar, MakesAnETagOfTheVersionAlone) {
    EXPECT_EQ(etag_of(version{0x1234, 0x10}), "1234-10");
    const auto info = info_of("a", {1'790'000'000'987'654'321, 5}, std::nullopt);
    EXPECT_EQ(info.modified, from_unix_ms(1'790'000'000'000)) << "to the second";
    EXPECT_EQ(info.size, 5u);
    EXPECT_FALSE(info.checksum);
}

} // namespace
} // namespace infra::storage::disk
