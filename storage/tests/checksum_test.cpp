#include "src/crc.hpp"

#include <infra/storage/checksum.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::array crcs = {checksum_kind::crc32c, checksum_kind::crc64nvme};
constexpr std::array kinds = {checksum_kind::crc32c, checksum_kind::crc64nvme, checksum_kind::sha256};

std::uint64_t number_in(const checksum& crc) {
    std::uint64_t number = 0;
    for (const char c : crc.bytes())
        number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

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
        EXPECT_EQ(number_in(checksum_of(row.bytes, row.kind)), row.value) << to_string(row.kind) << row.bytes.size();
        EXPECT_EQ(by_definition(row.kind, row.bytes), row.value) << "the oracle below";
    }
}

TEST(Checksum, IsTheSha256OfFips180) {
    const std::pair<std::string, std::string_view> rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    for (const auto& [bytes, hex] : rows)
        EXPECT_EQ(checksum_of(bytes, checksum_kind::sha256).hex(), hex) << bytes.size();
}

TEST(Checksum, OfNoBytesIsWhatHasRunOverNone) {
    for (const auto kind : kinds)
        EXPECT_EQ(running_checksum(kind).value(), checksum_of("", kind));
    for (const auto kind : crcs)
        EXPECT_EQ(number_in(checksum_of("", kind)), 0u);
    EXPECT_EQ(checksum(), checksum_of(""));
}

TEST(Checksum, IsAValueOfItsOwnSize) {
    static_assert(std::is_trivially_copyable_v<checksum>); // nothing of it is elsewhere
    EXPECT_THROW(checksum(checksum_kind::crc32c, "12345678"), std::invalid_argument);
    EXPECT_THROW(checksum(checksum_kind::sha256, "12345678"), std::invalid_argument);
    EXPECT_EQ(checksum(checksum_kind::crc32c, "1234").bytes(), "1234");
    EXPECT_NE(checksum_of("a"), checksum_of("a", checksum_kind::sha256));
    EXPECT_NE(checksum_of("a", checksum_kind::sha256), checksum_of("b", checksum_kind::sha256));
}

TEST(Checksum, NamesItsKinds) {
    for (const auto kind : kinds)
        EXPECT_EQ(checksum_kind_from(to_string(kind)), kind);
    for (const auto* name : {"", "crc32", "SHA256", "sha256 "})
        EXPECT_EQ(checksum_kind_from(name), std::nullopt) << name;
}

TEST(Checksum, IsTheSameByEveryMeansAtEveryLengthAndAlignment) {
    const auto bytes = random_bytes(1200, 1);
    for (const auto kind : crcs)
        for (std::size_t at = 0; at < 17; ++at)
            for (std::size_t size = 0; size < 530; size += size < 200 ? 1 : 7) {
                const auto run = std::string_view(bytes).substr(at, size);
                const auto expected = by_definition(kind, run);
                const auto ones = ~std::uint64_t{0} >> (64 - crc::width(kind));
                ASSERT_EQ(crc::move_on_by_table(kind, ones, run) ^ ones, expected) << at << ' ' << size;
                if (crc::can_fold()) {
                    ASSERT_EQ(crc::move_on_by_folding(kind, ones, run) ^ ones, expected) << at << ' ' << size;
                }
                ASSERT_EQ(number_in(checksum_of(run, kind)), expected) << at << ' ' << size;
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
            running_checksum running(kind);
            running.update(first);
            const auto copy = running; // goes its own way
            ASSERT_EQ(running.value(), checksum_of(first, kind));
            ASSERT_EQ(running.update(second).value(), expected) << whole.size() << ' ' << cut;
            ASSERT_EQ(running_checksum(copy).update(second).value(), expected);
            if (!combines(kind))
                continue;
            ASSERT_EQ(running_checksum(copy).update(checksum_of(second, kind), second.size()).value(), expected);
            ASSERT_EQ(combine(checksum_of(first, kind), checksum_of(second, kind), second.size()), expected)
                << whole.size() << ' ' << cut;
        }
}

TEST(Checksum, CombinesRunsThatNobodyCouldReadAgain) {
    // (a ++ b) ++ c == a ++ (b ++ c), also where the runs are of terabytes.
    std::mt19937_64 lots(4);
    for (const auto kind : crcs)
        for (int round = 0; round < 100; ++round) {
            const auto any = [&] { return checksum_of(std::to_string(lots()), kind); };
            const auto a = any(), b = any(), c = any();
            const auto size_b = lots() >> 20, size_c = lots() >> 20;
            ASSERT_EQ(combine(combine(a, b, size_b), c, size_c), combine(a, combine(b, c, size_c), size_b + size_c));
        }
}

TEST(Checksum, CombinesNothingOfTwoKinds) {
    EXPECT_THROW(combine(checksum_of("a"), checksum_of("a", checksum_kind::crc64nvme), 1), std::invalid_argument);
    EXPECT_THROW(running_checksum().update(checksum_of("a", checksum_kind::crc64nvme), 1), std::invalid_argument);
    const auto sha256 = checksum_of("a", checksum_kind::sha256);
    EXPECT_THROW(combine(sha256, sha256, 1), std::invalid_argument);
    EXPECT_THROW(running_checksum(checksum_kind::sha256).update(sha256, 1), std::invalid_argument);
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
        const auto sum = checksum_of(std::to_string(lots()), kind);
        EXPECT_EQ(checksum::from_base64(kind, sum.base64()), sum);
    }
}

TEST(Checksum, ReadsNothingElse) {
    for (const auto* text : {"", "4waSgw", "4waSgw==-3", "4waSgw==\n", "4waSg===", "rosUhgp5mIg=", "AAAA", "*waSgw=="})
        EXPECT_EQ(checksum::from_base64(checksum_kind::crc32c, text), std::nullopt) << text;
    EXPECT_EQ(checksum::from_base64(checksum_kind::crc64nvme, "4waSgw=="), std::nullopt);
}

TEST(CompositeChecksum, IsTheChecksumOfTheChecksums) {
    const auto a = checksum_of("first", checksum_kind::sha256), b = checksum_of("second", checksum_kind::sha256);
    const auto made = running_composite(checksum_kind::sha256).add(a).add(b).value();
    EXPECT_EQ(made.of_parts, checksum_of(std::string(a.bytes()) + std::string(b.bytes()), checksum_kind::sha256));
    EXPECT_EQ(made.base64(), made.of_parts.base64() + "-2");
    EXPECT_NE(made, running_composite(checksum_kind::sha256).add(b).add(a).value());
    EXPECT_THROW(running_composite(checksum_kind::sha256).add(checksum_of("a")), std::invalid_argument);
}

TEST(CompositeChecksum, ReadsWhatItWrites) {
    for (const auto kind : kinds) {
        const composite_checksum made{checksum_of("a", kind), 10'000};
        EXPECT_EQ(composite_checksum::from_base64(kind, made.base64()), made);
    }
    for (const auto* text :
         {"", "-", "-1", "4waSgw==", "4waSgw==-", "4waSgw==-0", "4waSgw==-10001", "4waSgw==-1x", "4waSgw-1"})
        EXPECT_EQ(composite_checksum::from_base64(checksum_kind::crc32c, text), std::nullopt) << text;
}

} // namespace
} // namespace infra::storage
