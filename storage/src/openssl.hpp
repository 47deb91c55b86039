#pragma once

/// OpenSSL, for as long as the process lives.

#include <openssl/crypto.h>

namespace infra::storage {

/// Before the first use: else OpenSSL takes itself down at exit, while the threads of the default loops may still be hashing.
inline void keep_openssl() noexcept {
    static const int kept = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    static_cast<void>(kept);
}

} // namespace infra::storage
