#include "src/parts/token.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::storage {
namespace {

upload_record full() {
    return {.upload = {.key = "tenants/7/vidéo 1.mp4", .id = "2~abc/+="},
            .part_size = 8u << 20,
            .size = 20u << 20,
            .sum = checksum_kind::crc64nvme,
            .attributes = {.content_type = "video/mp4",
                           .cache_control = "no-store",
                           .content_disposition = "attachment; filename=\"a.mp4\"",
                           .content_encoding = "identity",
                           .content_language = "fr",
                           .metadata = {{"user", "Zoë"}, {"quote", "\""}},
                           .store_headers = {{"x-amz-storage-class", "STANDARD_IA"}}},
            .write = {.if_match = "etag-of-the-old"},
            .parts = {{1, {1, "e1", 8u << 20, checksum(checksum_kind::crc64nvme, std::string(7, '\0') + "M")}},
                      {3, {3, "\"e3\"", 5, {}}}}};
}

void expect_equal(const upload_record& a, const upload_record& b) {
    EXPECT_EQ(a.upload.key, b.upload.key);
    EXPECT_EQ(a.upload.id, b.upload.id);
    EXPECT_EQ(a.part_size, b.part_size);
    EXPECT_EQ(a.size, b.size);
    EXPECT_EQ(a.sum, b.sum);
    EXPECT_EQ(a.attributes.content_type, b.attributes.content_type);
    EXPECT_EQ(a.attributes.cache_control, b.attributes.cache_control);
    EXPECT_EQ(a.attributes.content_disposition, b.attributes.content_disposition);
    EXPECT_EQ(a.attributes.content_encoding, b.attributes.content_encoding);
    EXPECT_EQ(a.attributes.content_language, b.attributes.content_language);
    EXPECT_EQ(a.attributes.metadata, b.attributes.metadata);
    EXPECT_EQ(a.attributes.store_headers, b.attributes.store_headers);
    EXPECT_EQ(a.write.if_absent, b.write.if_absent);
    EXPECT_EQ(a.write.if_match, b.write.if_match);
    ASSERT_EQ(a.parts.size(), b.parts.size());
    for (const auto& [number, each] : a.parts) {
        const auto& other = b.parts.at(number);
        EXPECT_EQ(each.number, other.number);
        EXPECT_EQ(each.etag, other.etag);
        EXPECT_EQ(each.size, other.size);
        EXPECT_EQ(each.checksum, other.checksum);
    }
}

std::string refusal_of(std::string_view token) {
    try {
        from_token(token);
        return "none";
    } catch (const storage_error& e) {
        EXPECT_EQ(e.code(), infra::errc::invalid_input);
        return e.what();
    }
}

TEST(UploadToken, GivesBackWhatWasPutIn) {
    expect_equal(from_token(to_token(full())), full());
    const upload_record least{.upload = {.key = "k", .id = "i"}, .part_size = 1, .write = {.if_absent = true}};
    expect_equal(from_token(to_token(least)), least);
}

TEST(UploadToken, IsOneLineThatAUrlCanCarry) {
    const auto token = to_token(full());
    EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."), token.npos);
}

TEST(UploadToken, HoldsTenThousandParts) {
    auto record = full();
    for (int number = 1; number <= 10'000; ++number)
        record.parts[number] = {number, std::string(34, 'e'), 8u << 20,
                                checksum(checksum_kind::crc64nvme, std::string(7, '\0') + "\1")};
    const auto token = to_token(record);
    EXPECT_LT(token.size(), 1u << 20);
    EXPECT_EQ(from_token(token).parts.size(), 10'000u);
}

TEST(UploadToken, IsRefusedOnceItIsChanged) {
    const auto token = to_token(full());
    for (std::size_t i = 4; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(refusal_of(changed), "the token names no upload: it was cut off or changed") << i;
        EXPECT_EQ(refusal_of(token.substr(0, i)), "the token names no upload: it was cut off or changed") << i;
    }
}

TEST(UploadToken, IsRefusedWithAReason) {
    const auto sealed = [](std::string_view text) {
        return "up1." + encoding::base64url_encode(text) + "." + checksum_of(text).hex();
    };
    EXPECT_EQ(refusal_of(""), "the token names no upload: it is something else");
    EXPECT_EQ(refusal_of("hello"), "the token names no upload: it is something else");
    EXPECT_EQ(refusal_of("up2.e30.00000000"), "the token names no upload: it is of another version of this library");
    EXPECT_NE(refusal_of(sealed("{}")).find("/key"), std::string::npos);
    EXPECT_NE(refusal_of(sealed("[")).find("line 1"), std::string::npos);
    EXPECT_EQ(refusal_of(sealed(R"({"key":"k","id":"i","part_size":1,"checksum":"md5","parts":[]})")),
              "the token names no upload: it speaks of another checksum");
}

} // namespace
} // namespace infra::storage
