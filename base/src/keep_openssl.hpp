#pragma once

/// OpenSSL, for as long as the process lives. For sources of rooms that link it; base does not.

#include <openssl/crypto.h>

namespace infra::detail {

/// Before the first use: else OpenSSL takes itself down at exit, while the threads of the default loops may still be hashing or talking TLS.
inline void keep_openssl() noexcept {
    static const int kept = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
    static_cast<void>(kept);
}

} // namespace infra::detail
