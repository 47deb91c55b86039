#pragma once

#include "sources.hpp"
#include "uploads.hpp"

namespace infra::storage {

inline constexpr checksum_kind all_kinds[] = {checksum_kind::crc32c, checksum_kind::crc64nvme, checksum_kind::sha256};

TEST_P(BucketConformance, KeepsAChecksumOfAnyKind) {
    const auto bytes = some_bytes(100'000);
    for (const auto kind : all_kinds) {
        const auto sum = checksum_of(bytes, kind);
        get(subject.object->put({.key = at("a"), .checksum = sum}, {.bytes = bytes}, soon()));
        EXPECT_EQ(head("a").checksum, sum) << to_string(kind);
        EXPECT_EQ(get(subject.object->get({.key = at("a")}, soon())).info.checksum, sum) << to_string(kind);
        EXPECT_FALSE(head("a").composite);
        EXPECT_TRUE(head("a").metadata.empty()); // wherever the store has it
    }
}

TEST_P(BucketConformance, CarriesAChecksumOfAnyKindAlongWithACopy) {
    for (const auto kind : all_kinds) {
        const auto sum = checksum_of("hello", kind);
        get(subject.object->put({.key = at("from"), .checksum = sum}, {.bytes = "hello"}, soon()));
        const object_attributes others{.content_type = "image/gif", .metadata = {{"for", "you"}}};
        for (const auto& attributes : {std::optional<object_attributes>(), std::optional(others)}) {
            get(subject.object->copy({.from = at("from"), .to = at("to"), .attributes = attributes}, soon()));
            EXPECT_EQ(head("to").checksum, sum) << to_string(kind);
        }
    }
}

TEST_P(BucketConformance, RefusesBytesThatAreNotWhatAChecksumOfAnyKindSays) {
    put("a", "hello");
    for (const auto kind : all_kinds)
        for (const char* name : {"a", "b"}) {
            const put_request what{.key = at(name), .checksum = checksum_of("hellO", kind)};
            EXPECT_EQ(failure(subject.object->put(what, {.bytes = "hello"}, soon())), errc::integrity)
                << to_string(kind);
        }
    EXPECT_EQ(read("a"), "hello");
    EXPECT_FALSE(exists("b"));
}

TEST_P(BucketSources, HaveAChecksumOfTheKindThatIsAskedFor) {
    for (const auto kind : all_kinds) {
        const auto done = try_put({.key = at("a"), .sum = kind}, source_of("0123456789", 3), {});
        EXPECT_EQ(done->value->checksum, checksum_of("0123456789", kind));
        EXPECT_EQ(head("a").checksum, checksum_of("0123456789", kind));
    }
}

TEST_P(BucketUploads, HaveASha256OfTheWholeOrOfItsParts) {
    const parts_of_test of(2, 7);
    const put_request what{.key = at("a"),
                           .attributes = {.metadata = {{"by", "me"}}},
                           .sum = checksum_kind::sha256,
                           .part_size = 5u << 20};
    const auto upload = get(subject.object->begin_upload(what, soon()));
    std::vector<part> parts;
    running_composite composite(checksum_kind::sha256);
    for (const auto& bytes : of.bytes) {
        const auto sum = checksum_of(bytes, checksum_kind::sha256);
        parts.push_back(get(subject.object->put_part(upload, static_cast<int>(parts.size()) + 1, bytes, sum, soon())));
        EXPECT_EQ(parts.back().checksum, sum);
        composite.add(sum);
    }
    complete(upload, parts, what);
    const auto info = head("a");
    if (info.composite) {
        EXPECT_FALSE(info.checksum);
        EXPECT_EQ(info.composite, composite.value());
        EXPECT_EQ(info.part_size, 5u << 20);
    } else {
        EXPECT_EQ(info.checksum, checksum_of(of.all(), checksum_kind::sha256));
    }
    EXPECT_EQ(info.metadata, what.attributes.metadata);
    EXPECT_TRUE(read("a") == of.all());
}

TEST_P(BucketUploads, RefuseAPartThatIsNotWhatItsSha256Says) {
    const auto upload = get(
        subject.object->begin_upload({.key = at("a"), .sum = checksum_kind::sha256, .part_size = 5u << 20}, soon()));
    const auto sum = checksum_of("hellO", checksum_kind::sha256);
    EXPECT_EQ(failure(subject.object->put_part(upload, 1, shared_bytes("hello"), sum, soon())), errc::integrity);
}

} // namespace infra::storage
