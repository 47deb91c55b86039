#include "src/arrival.hpp"

#include "tests/support.hpp"

#include <gtest/gtest.h>

namespace infra::storage {
namespace {

opened answer(std::string bytes, std::uint64_t offset, std::uint64_t length, std::string etag = "e1",
              bool with_sum = true) {
    return {.info = {.key = "a",
                     .size = bytes.size(),
                     .etag = std::move(etag),
                     .checksum = with_sum ? std::optional(checksum_of(bytes)) : std::nullopt},
            .offset = offset,
            .length = length};
}

TEST(StorageArrival, AsksForWhatIsMissingOfTheSameObject) {
    arrival a({.key = "a", .read = {.if_none_match = "e0"}});
    EXPECT_FALSE(a.next_request().range);
    EXPECT_EQ(a.next_request().read.if_none_match, "e0");
    a.answered(answer("0123456789", 0, 10));
    a.took("0123");
    const auto rest = a.next_request();
    EXPECT_EQ(rest.key, "a");
    EXPECT_EQ(rest.range, (byte_range{.offset = 4, .length = 6}));
    EXPECT_EQ(rest.read.if_match, "e1");
    EXPECT_TRUE(rest.read.if_none_match.empty()); // held when it began
    a.answered(answer("0123456789", 4, 6));
    a.took("456789");
    EXPECT_TRUE(a.is_whole());
    EXPECT_NO_THROW(a.ended());
}

TEST(StorageArrival, GoesOnWithTheSameVersionWhereAStoreHasNoETags) {
    const auto noon = from_unix_ms(1'767'355'200'000);
    const auto of = [&](wall_time modified, std::size_t size) {
        auto made = answer(std::string(size, 'x'), 0, size, "", false);
        made.info.modified = modified;
        return made;
    };
    arrival a({.key = "a"});
    a.answered(of(noon, 10));
    a.took("0123");
    EXPECT_TRUE(a.next_request().read.if_match.empty());
    EXPECT_EQ(a.next_request().read.if_unmodified_since, noon);
    for (const auto& other : {of(noon + std::chrono::seconds(1), 10), of(noon, 11)})
        EXPECT_EQ(refusal_of([&] { a.answered(other); })->code(), errc::precondition);
    auto same = of(noon, 10);
    same.offset = 4;
    same.length = 6;
    EXPECT_NO_THROW(a.answered(same));
}

TEST(StorageArrival, CountsARangeFromItsOwnBeginning) {
    arrival a({.key = "a", .range = byte_range{.last = 4}});
    a.answered(answer("0123456789", 6, 4));
    a.took("6");
    EXPECT_EQ(a.next_request().range, (byte_range{.offset = 7, .length = 3}));
    a.took("78?"); // a part has no checksum
    EXPECT_TRUE(a.is_whole());
}

TEST(StorageArrival, RefusesAnotherObjectForTheRest) {
    arrival a({.key = "a"});
    a.answered(answer("0123456789", 0, 10));
    a.took("0123");
    EXPECT_EQ(refusal_of([&] { a.answered(answer("9876543210", 4, 6, "e2")); })->code(), errc::precondition);
    EXPECT_EQ(refusal_of([&] { a.answered(answer("0123456789", 0, 10)); })->code(), errc::integrity);
}

TEST(StorageArrival, IsCheckedBeforeItsLastPiece) {
    for (std::size_t flipped = 0; flipped < 10; ++flipped) {
        std::string bytes = "0123456789";
        arrival a({.key = "a"});
        a.answered(answer(bytes, 0, 10));
        bytes[flipped] ^= 4;
        a.took(bytes.substr(0, 6));
        const auto e = refusal_of([&] { a.took(bytes.substr(6)); });
        ASSERT_TRUE(e) << flipped;
        EXPECT_EQ(e->code(), errc::integrity);
        EXPECT_TRUE(e->retryable());
    }
}

TEST(StorageArrival, IsCheckedByItsPartsWhereTheyAreAllThatIsKnown) {
    const std::string bytes = "0123456789";
    for (const std::size_t part_size : {1u, 3u, 5u, 9u, 10u, 11u})
        for (const std::size_t piece : {1u, 4u, 10u})
            for (std::size_t flipped = 0; flipped <= 10; ++flipped) {
                auto from = answer(bytes, 0, 10, "e1", false);
                running_composite sum(checksum_kind::sha256);
                for (std::size_t at = 0; at < bytes.size(); at += part_size)
                    sum.add(checksum_of(bytes.substr(at, part_size), checksum_kind::sha256));
                from.info.composite = sum.value();
                from.info.part_size = part_size;
                arrival a({.key = "a"});
                a.answered(from);
                auto come = bytes + ' ';
                come[flipped] ^= 4;
                const auto e = refusal_of([&] {
                    for (std::size_t at = 0; at < 10; at += piece)
                        a.took(come.substr(at, std::min(piece, 10 - at)));
                });
                EXPECT_EQ(e.has_value(), flipped < 10) << part_size << ' ' << piece << ' ' << flipped;
            }
}

TEST(StorageArrival, IsNotCheckedWhereNobodyKnowsItsChecksum) {
    arrival a({.key = "a"});
    a.answered(answer("0123", 0, 4, "e1", false));
    EXPECT_NO_THROW(a.took("????"));
}

TEST(StorageArrival, KnowsWhatIsTooMuchOrTooLittle) {
    arrival a({.key = "a"});
    a.answered(answer("0123", 0, 4));
    a.took("01");
    const auto little = refusal_of([&] { a.ended(); });
    ASSERT_TRUE(little);
    EXPECT_STREQ(little->what(), "get a: only 2 of 4 bytes came");
    EXPECT_TRUE(little->retryable());
    EXPECT_TRUE(little->fresh_connection());
    EXPECT_STREQ(refusal_of([&] { a.took("234"); })->what(), "get a: more bytes came than the 4 that were to come");
}

TEST(StorageArrival, BeginsAnew) {
    arrival a({.key = "a"});
    a.answered(answer("0123", 0, 4));
    a.took("01");
    a.restart();
    EXPECT_FALSE(a.next_request().range);
    a.answered(answer("abcdef", 0, 6, "e2"));
    a.took("abcdef");
    EXPECT_TRUE(a.is_whole());
    EXPECT_EQ(a.info().etag, "e2");
}

} // namespace
} // namespace infra::storage
