#include "src/parts/settle.hpp"
#include "src/put_mark.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace infra::storage {
namespace {

constexpr auto md5_of_a = "0cc175b9c0f1b6a831c399e269772661", md5_of_b = "92eb5ffee6ae2fec3ad71c777531578f";

std::map<int, part> parts_with(std::string first, std::string second, bool sums) {
    std::map<int, part> parts{{1, {1, std::move(first), 1, {}}}, {2, {2, std::move(second), 1, {}}}};
    if (sums) {
        parts[1].checksum = checksum_of("a");
        parts[2].checksum = checksum_of("b");
    }
    return parts;
}

TEST(Settling, KnowsTheEtagThatS3MakesOfParts) {
    // md5(md5("a") ++ md5("b")), by Python's hashlib.
    EXPECT_EQ(composite_etag(parts_with(md5_of_a, md5_of_b, false)), "96e024ba2074fe77e8e965ba43a704be-2");
    EXPECT_EQ(composite_etag(parts_with("opaque", md5_of_b, false)), std::nullopt);
}

TEST(Settling, GoesByWhatIsKnown) {
    const auto of_md5s = composite_etag(parts_with(md5_of_a, md5_of_b, false)).value();
    const auto sums = parts_with("x", "y", true), md5s = parts_with(md5_of_a, md5_of_b, false);
    const struct {
        const char* what;
        object_info there;
        std::map<int, part> parts;
        bool expected;
    } rows[] = {
        {"the same checksum", {.size = 2, .checksum = checksum_of("ab")}, sums, true},
        {"another", {.size = 2, .checksum = checksum_of("ba")}, sums, false},
        {"another length", {.size = 3, .checksum = checksum_of("ab")}, sums, false},
        {"a checksum of another kind",
         {.size = 2, .checksum = checksum_of("ab", checksum_kind::crc64nvme)},
         sums,
         false},
        {"no checksum", {.size = 2, .etag = "e"}, sums, false},
        {"the composite ETag", {.size = 2, .etag = of_md5s}, md5s, true},
        {"another ETag", {.size = 2, .etag = of_md5s.substr(0, 32) + "-3"}, md5s, false},
        {"another checksum, whatever the ETag",
         {.size = 2, .etag = of_md5s, .checksum = checksum_of("ba")},
         parts_with(md5_of_a, md5_of_b, true),
         false},
    };
    for (const auto& row : rows)
        EXPECT_EQ(is_made_of(row.there, row.parts), row.expected) << row.what;
}

TEST(Settling, GoesByTheMarkWhereThereIsOne) {
    const metadata_map ours{{std::string(put_mark), "1"}}, others{{std::string(put_mark), "2"}};
    const auto parts = parts_with("x", "y", true);
    EXPECT_TRUE(is_made_of({.size = 2, .metadata = ours}, parts, ours));
    EXPECT_FALSE(is_made_of({.size = 2, .metadata = others, .checksum = checksum_of("ab")}, parts, ours));
    EXPECT_FALSE(is_made_of({.size = 2, .checksum = checksum_of("ab")}, parts, ours)) << "somebody else put the same";
}

} // namespace
} // namespace infra::storage
