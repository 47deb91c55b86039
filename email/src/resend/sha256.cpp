#include "sha256.hpp"

#include "../../../base/src/keep_openssl.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <new>

namespace infra::email::resend {
namespace {

constexpr std::size_t digest_size = 32;

unsigned char* bytes_of(std::string& text) noexcept { return reinterpret_cast<unsigned char*>(text.data()); }

const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

std::string sha256(std::string_view bytes) {
    infra::detail::keep_openssl();
    std::string made(digest_size, '\0');
    if (EVP_Digest(bytes.data(), bytes.size(), bytes_of(made), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc();
    return made;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    infra::detail::keep_openssl();
    std::string made(digest_size, '\0');
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), bytes_of(made),
              nullptr))
        throw std::bad_alloc();
    return made;
}

bool are_equal(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace infra::email::resend
