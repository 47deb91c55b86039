#include <infra/base/error_signature.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace infra {
namespace {

TEST(ErrorSignature, LeavesOutWhatAnErrorIsAbout) {
    const std::pair<std::string_view, std::string_view> table[] = {
        {"no answer of 10.0.0.5:443 within 5000 ms", "no answer of # within # ms"},
        {"no answer of 10.0.0.6:443 within 200ms", "no answer of # within #ms"},
        {"TimeoutError: order 8812 is gone.", "TimeoutError: order # is gone."},
        {"order 4bf92f35-77b3-4da6-a3ce-929d0e0e4736 is gone", "order # is gone"},
        {"commit deadbeef is bad", "commit # is bad"},
        {"the key \"user:ann\" is taken", "the key \"…\" is taken"},
        {"the key 'x' can't be read, isn't it", "the key '…' can't be read, isn't it"},
        {"user ann7@example.org is unknown", "user # is unknown"},
        {"first line\nsecond 17", "first line"},
        {"  \n  begins   late\t here ", "begins late here"},
        {"größer als 5", "größer als #"},
        {"", ""},
        {"'", "'"},
    };
    for (const auto& [reason, signature] : table)
        EXPECT_EQ(error_signature(reason), signature) << reason;
}

TEST(ErrorSignature, OfALongErrorIsShort) {
    const auto signature = error_signature(std::string(100'000, 'x'));
    EXPECT_LE(signature.size(), 160 + std::string_view("…").size());
    EXPECT_TRUE(signature.ends_with("…"));
}

TEST(ErrorSignature, IsCutBetweenCharacters) {
    std::string reason(159, 'x');
    reason += "äö";
    EXPECT_EQ(error_signature(reason), std::string(159, 'x') + "…");
}

} // namespace
} // namespace infra
