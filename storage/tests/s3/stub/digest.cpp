#include "digest.hpp"

#include "pattern.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/checksum.hpp>

#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <memory>

namespace infra::storage::stub {
namespace {

std::string by_openssl(const EVP_MD* kind, std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, kind, nullptr);
    return {reinterpret_cast<const char*>(out.data()), size};
}

std::string crc32_of(std::string_view bytes) {
    const auto sum = ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8)
        out += static_cast<char>(sum >> shift);
    return out;
}

} // namespace

std::string md5(std::string_view bytes) { return by_openssl(EVP_md5(), bytes); }
std::string md5_of_pattern(std::uint64_t size) {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr);
    for (std::uint64_t at = 0; at < size; at += pattern_period) {
        const auto piece = pattern_at(at, size - at);
        EVP_DigestUpdate(context.get(), piece.data(), piece.size());
    }
    std::array<unsigned char, 16> out{};
    EVP_DigestFinal_ex(context.get(), out.data(), nullptr);
    return {reinterpret_cast<const char*>(out.data()), out.size()};
}
std::string sha256(std::string_view bytes) { return by_openssl(EVP_sha256(), bytes); }

std::optional<std::string> digest(std::string_view algorithm, std::string_view bytes) {
    if (algorithm == "crc32")
        return encoding::base64_encode(crc32_of(bytes));
    if (algorithm == "crc32c")
        return checksum_of(bytes, checksum_kind::crc32c).base64();
    if (algorithm == "crc64nvme")
        return checksum_of(bytes, checksum_kind::crc64nvme).base64();
    if (algorithm == "sha1")
        return encoding::base64_encode(by_openssl(EVP_sha1(), bytes));
    if (algorithm == "sha256")
        return encoding::base64_encode(sha256(bytes)); // not ours: what is tested is compared with it
    return std::nullopt;
}

std::string composite(std::string_view algorithm, std::string_view raw_sums, std::size_t count) {
    return digest(algorithm, raw_sums).value_or("") + "-" + std::to_string(count);
}

} // namespace infra::storage::stub
