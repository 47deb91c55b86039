// Folding (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", 2009), reflected: 128 bits L·x^64 + H that
// stand D bits before others are added to those as L·(x^(64+D) mod P) + H·(x^D mod P), which is the same modulo P. What is left in the
// end are 16 bytes with the CRC of all, and the table takes them as it takes any others. So one code serves both polynomials.

#include "crc.hpp"
#include "crc_polynomial.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace infra::storage::crc {

#if defined(__x86_64__)

namespace {

#define INFRA_FOLDS __attribute__((target("pclmul,sse4.1")))

struct factors {
    std::uint64_t of_low;
    std::uint64_t of_high;
};

// The product of two reflected words stands one bit too high in its 127, so one power less. A narrow polynomial is moved up to
// where a wide one stands.
template <checksum_kind Kind, int Distance>
constexpr factors factors_for = {x_to_the<Kind>(Distance + 63) << (64 - polynomial<Kind>::width),
                                 x_to_the<Kind>(Distance - 1) << (64 - polynomial<Kind>::width)};

INFRA_FOLDS inline __m128i load(const char* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

INFRA_FOLDS inline __m128i as_register(factors f) noexcept {
    return _mm_set_epi64x(static_cast<long long>(f.of_high), static_cast<long long>(f.of_low));
}

INFRA_FOLDS inline __m128i fold(__m128i carried, __m128i onto, __m128i by) noexcept {
    const auto low = _mm_clmulepi64_si128(carried, by, 0x00);
    const auto high = _mm_clmulepi64_si128(carried, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), onto);
}

template <checksum_kind Kind>
INFRA_FOLDS std::uint64_t by_folding(std::uint64_t reg, std::string_view bytes) noexcept {
    if (bytes.size() < 64)
        return move_on_by_table(Kind, reg, bytes);
    const auto by_four = as_register(factors_for<Kind, 512>);
    const auto by_one = as_register(factors_for<Kind, 128>);
    const char* at = bytes.data();
    auto a = _mm_xor_si128(load(at), _mm_cvtsi64_si128(static_cast<long long>(reg)));
    auto b = load(at + 16), c = load(at + 32), d = load(at + 48);
    const char* const end = at + bytes.size();
    for (at += 64; end - at >= 64; at += 64) {
        a = fold(a, load(at), by_four);
        b = fold(b, load(at + 16), by_four);
        c = fold(c, load(at + 32), by_four);
        d = fold(d, load(at + 48), by_four);
    }
    auto rest = fold(fold(fold(a, b, by_one), c, by_one), d, by_one);
    for (; end - at >= 16; at += 16)
        rest = fold(rest, load(at), by_one);
    alignas(16) char left[16];
    _mm_store_si128(reinterpret_cast<__m128i*>(left), rest);
    reg = move_on_by_table(Kind, 0, {left, sizeof left});
    return move_on_by_table(Kind, reg, {at, static_cast<std::size_t>(end - at)});
}

#undef INFRA_FOLDS

} // namespace

bool can_fold() noexcept { return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"); }

std::uint64_t move_on_by_folding(checksum_kind kind, std::uint64_t reg, std::string_view bytes) noexcept {
    return kind == checksum_kind::crc32c ? by_folding<checksum_kind::crc32c>(reg, bytes)
                                         : by_folding<checksum_kind::crc64nvme>(reg, bytes);
}

#else

bool can_fold() noexcept { return false; }

std::uint64_t move_on_by_folding(checksum_kind kind, std::uint64_t reg, std::string_view bytes) noexcept {
    return move_on_by_table(kind, reg, bytes);
}

#endif

} // namespace infra::storage::crc
