#include "src/crc.hpp"

#include <infra/storage/checksum.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>

namespace infra::storage {
namespace {

constexpr std::array kinds = {checksum_kind::crc32c, checksum_kind::crc64nvme};

std::string random_bytes(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 lots(seed);
    std::string bytes(size, '\0');
    for (auto& byte : bytes)
        byte = static_cast<char>(lots());
    return bytes;
}

// A bit at a time, as the polynomials are defined.
std::uint64_t by_definition(checksum_kind kind, std::string_view bytes) {
    const auto polynomial = kind == checksum_kind::crc32c ? 0x82f63b78 : 0x9a6c9329ac4bc9b5;
    const auto ones = kind == checksum_kind::crc32c ? 0xffffffff : ~std::uint64_t{0};
    auto reg = ones;
    for (const char c : bytes) {
        reg ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit)
            reg = (reg >> 1) ^ ((reg & 1) ? polynomial : 0);
    }
    return reg ^ ones;
}

TEST(Checksum, IsTheOneThatIsPublished) {
    const struct {
        checksum_kind kind;
        std::string bytes;
        std::uint64_t value;
    } rows[] = {
        {checksum_kind::crc32c, "123456789", 0xe3069283},
        {checksum_kind::crc64nvme, "123456789", 0xae8b14860a799888},
        // RFC 3720 B.4
        {checksum_kind::crc32c, std::string(32, '\0'), 0x8a9136aa},
        {checksum_kind::crc32c, std::string(32, '\xff'), 0x62a8ab43},
        // NVM Express NVM Command Set specification, "64b CRC definition"
        {checksum_kind::crc64nvme, std::string(4096, '\0'), 0x6482d367eb22b64e},
        {checksum_kind::crc64nvme, std::string(4096, '\xff'), 0xc0ddba7302eca3ac},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(checksum_of(row.bytes, row.kind).value(), row.value) << to_string(row.kind) << row.bytes.size();
        EXPECT_EQ(by_definition(row.kind, row.bytes), row.value) << "the oracle below";
    }
}

TEST(Checksum, OfNoBytesIsZero) {
    for (const auto kind : kinds) {
        EXPECT_EQ(checksum_of("", kind).value(), 0u);
        EXPECT_EQ(checksum(kind), checksum_of("", kind));
    }
}

TEST(Checksum, IsTheSameByEveryMeansAtEveryLengthAndAlignment) {
    const auto bytes = random_bytes(1200, 1);
    for (const auto kind : kinds)
        for (std::size_t at = 0; at < 17; ++at)
            for (std::size_t size = 0; size < 530; size += size < 200 ? 1 : 7) {
                const auto run = std::string_view(bytes).substr(at, size);
                const auto expected = by_definition(kind, run);
                const auto ones = ~std::uint64_t{0} >> (64 - crc::width(kind));
                ASSERT_EQ(crc::move_on_by_table(kind, ones, run) ^ ones, expected) << at << ' ' << size;
                if (crc::can_fold()) {
                    ASSERT_EQ(crc::move_on_by_folding(kind, ones, run) ^ ones, expected) << at << ' ' << size;
                }
                ASSERT_EQ(checksum_of(run, kind).value(), expected) << at << ' ' << size;
            }
}

TEST(Checksum, IsTheSameHoweverTheBytesAreCut) {
    const auto bytes = random_bytes(100'000, 2);
    std::mt19937_64 lots(3);
    for (const auto kind : kinds)
        for (int round = 0; round < 200; ++round) {
            const auto whole = std::string_view(bytes).substr(0, lots() % bytes.size());
            const auto cut = whole.empty() ? 0 : lots() % (whole.size() + 1);
            const auto first = whole.substr(0, cut), second = whole.substr(cut);
            const auto expected = checksum_of(whole, kind);
            ASSERT_EQ(checksum(kind).update(first).update(second), expected) << whole.size() << ' ' << cut;
            ASSERT_EQ(combine(checksum_of(first, kind), checksum_of(second, kind), second.size()), expected)
                << whole.size() << ' ' << cut;
        }
}

TEST(Checksum, CombinesRunsThatNobodyCouldReadAgain) {
    // (a ++ b) ++ c == a ++ (b ++ c), also where the runs are of terabytes.
    std::mt19937_64 lots(4);
    for (const auto kind : kinds)
        for (int round = 0; round < 100; ++round) {
            const auto ones = ~std::uint64_t{0} >> (64 - crc::width(kind));
            const checksum a(kind, lots() & ones), b(kind, lots() & ones), c(kind, lots() & ones);
            const auto size_b = lots() >> 20, size_c = lots() >> 20;
            ASSERT_EQ(combine(combine(a, b, size_b), c, size_c), combine(a, combine(b, c, size_c), size_b + size_c));
        }
}

TEST(Checksum, CombinesNothingOfTwoKinds) {
    EXPECT_THROW(combine(checksum(checksum_kind::crc32c), checksum(checksum_kind::crc64nvme), 1),
                 std::invalid_argument);
}

TEST(Checksum, IsWrittenBigEndian) {
    EXPECT_EQ(checksum_of("123456789").base64(), "4waSgw==");
    EXPECT_EQ(checksum_of("123456789").hex(), "e3069283");
    EXPECT_EQ(checksum_of("123456789", checksum_kind::crc64nvme).base64(), "rosUhgp5mIg=");
    EXPECT_EQ(checksum_of("123456789", checksum_kind::crc64nvme).hex(), "ae8b14860a799888");
    EXPECT_EQ(checksum().base64(), "AAAAAA==");
}

TEST(Checksum, ReadsWhatItWrites) {
    std::mt19937_64 lots(5);
    for (const auto kind : kinds) {
        const checksum sum(kind, lots() >> (64 - crc::width(kind)));
        EXPECT_EQ(checksum::from_base64(kind, sum.base64()), sum);
    }
}

TEST(Checksum, ReadsNothingElse) {
    for (const auto* text : {"", "4waSgw", "4waSgw==-3", "4waSgw==\n", "4waSg===", "rosUhgp5mIg=", "AAAA", "*waSgw=="})
        EXPECT_EQ(checksum::from_base64(checksum_kind::crc32c, text), std::nullopt) << text;
    EXPECT_EQ(checksum::from_base64(checksum_kind::crc64nvme, "4waSgw=="), std::nullopt);
}

} // namespace
} // namespace infra::storage
