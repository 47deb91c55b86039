#include "digest.hpp"

#include "../../../base/src/keep_openssl.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <openssl/evp.h>

#include <array>

namespace infra::storage::s3 {

std::string md5_base64(std::string_view bytes) {
    infra::detail::keep_openssl();
    std::array<unsigned char, 16> made{};
    if (EVP_Digest(bytes.data(), bytes.size(), made.data(), nullptr, EVP_md5(), nullptr) != 1)
        throw error(infra::errc::misconfigured,
                    "OpenSSL does not give MD5 here, as in FIPS mode; stores that keep no checksums "
                    "need it: checksums=header or none does without");
    return encoding::base64_encode({reinterpret_cast<const char*>(made.data()), made.size()});
}

} // namespace infra::storage::s3
