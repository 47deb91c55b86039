#include "sha256.hpp"

#include "../../../base/src/keep_openssl.hpp"

#include <infra/base/encoding.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>
#include <new>

namespace infra::storage::sigv4 {
namespace {

const EVP_MD* fetch() noexcept {
    infra::detail::keep_openssl();
    return EVP_MD_fetch(nullptr, "SHA256", nullptr);
}

// Fetched once: OpenSSL 3 looks an algorithm up by its name at each use of EVP_sha256(). Never freed: loops may use it at exit.
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const fetched = fetch();
    if (!fetched)
        throw std::bad_alloc();
    return fetched;
}

void must(int succeeded) {
    if (succeeded != 1)
        throw std::bad_alloc();
}

EVP_MAC_CTX* new_mac() {
    infra::detail::keep_openssl();
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr),
                                                                 &EVP_MAC_free);
    auto* const made = hmac ? EVP_MAC_CTX_new(hmac.get()) : nullptr;
    char name[] = "SHA256";
    const OSSL_PARAM with[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0), OSSL_PARAM_construct_end()};
    if (!made || EVP_MAC_CTX_set_params(made, with) != 1)
        throw std::bad_alloc();
    return made;
}

} // namespace

digest sha256(std::string_view bytes) {
    digest made;
    if (EVP_Digest(bytes.data(), bytes.size(), made.data(), nullptr, sha256_algorithm(), nullptr) != 1)
        throw std::bad_alloc();
    return made;
}

void running_sha256::release::operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }

running_sha256::running_sha256() : context_(EVP_MD_CTX_new()) {
    must(context_ && EVP_DigestInit_ex2(context_.get(), sha256_algorithm(), nullptr));
}

running_sha256::running_sha256(const running_sha256& other) : context_(EVP_MD_CTX_new()) {
    must(context_ && EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()));
}

void running_sha256::update(std::string_view bytes) {
    must(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

digest running_sha256::value() const {
    const running_sha256 copy(*this); // to give the value is to end it
    digest made;
    must(EVP_DigestFinal_ex(copy.context_.get(), made.data(), nullptr));
    return made;
}

// A context a thread: a one-shot makes four of OpenSSL's objects each time. Not inlined, so that no coroutine keeps the
// thread_local's address.
[[gnu::noinline]] digest hmac_sha256(std::string_view key, std::string_view bytes) {
    thread_local const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(new_mac(), &EVP_MAC_CTX_free);
    digest made;
    const auto* const text = reinterpret_cast<const unsigned char*>(bytes.data());
    if (EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), nullptr) != 1 ||
        EVP_MAC_update(context.get(), text, bytes.size()) != 1 ||
        EVP_MAC_final(context.get(), made.data(), nullptr, made.size()) != 1)
        throw std::bad_alloc();
    return made;
}

std::string hex(const digest& of) { return encoding::hex_encode(bytes_of(of)); }

bool are_equal(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace infra::storage::sigv4
