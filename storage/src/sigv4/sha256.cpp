#include "sha256.hpp"

#include <infra/base/encoding.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>
#include <new>

namespace infra::storage::sigv4 {
namespace {

// Fetched once: OpenSSL 3 looks an algorithm up by its name at each use of EVP_sha256().
const EVP_MD* algorithm() {
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> fetched(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                         &EVP_MD_free);
    if (!fetched)
        throw std::bad_alloc();
    return fetched.get();
}

} // namespace

digest sha256(std::string_view bytes) {
    digest made;
    if (EVP_Digest(bytes.data(), bytes.size(), made.data(), nullptr, algorithm(), nullptr) != 1)
        throw std::bad_alloc();
    return made;
}

digest hmac_sha256(std::string_view key, std::string_view bytes) {
    digest made;
    if (!HMAC(algorithm(), key.data(), static_cast<int>(key.size()),
              reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), made.data(), nullptr))
        throw std::bad_alloc();
    return made;
}

std::string hex(const digest& of) { return encoding::hex_encode(bytes_of(of)); }

bool are_equal(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace infra::storage::sigv4
