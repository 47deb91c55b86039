#include "settle.hpp"

#include "../../../base/src/keep_openssl.hpp"
#include "../put_mark.hpp"
#include "transfer.hpp"

#include <infra/base/encoding.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace infra::storage {
namespace {

std::string md5_of(std::string_view bytes) {
    infra::detail::keep_openssl();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
        return {}; // not to be had where only FIPS's digests are
    return {reinterpret_cast<const char*>(digest.data()), size};
}

} // namespace

std::optional<std::string> composite_etag(const std::map<int, part>& parts) {
    std::string digests;
    for (const auto& [number, each] : parts) {
        const auto md5 = encoding::hex_decode(each.etag);
        if (!md5 || md5->size() != 16)
            return std::nullopt;
        digests += *md5;
    }
    const auto digest = md5_of(digests);
    return digest.empty() ? std::nullopt
                          : std::optional(encoding::hex_encode(digest) + '-' + std::to_string(parts.size()));
}

bool is_made_of(const object_info& there, const std::map<int, part>& parts, const metadata_map& metadata) {
    const auto made = whole_of(parts);
    if (there.size != made.size)
        return false;
    if (const auto mark = mark_of(metadata); !mark.empty())
        return mark_of(there.metadata) == mark;
    if (there.checksum && made.sum && there.checksum->kind() == made.sum->kind())
        return there.checksum == made.sum;
    if (there.composite && made.composite && there.composite->of_parts.kind() == made.composite->of_parts.kind())
        return there.composite == made.composite;
    const auto etag = composite_etag(parts);
    return etag && *etag == there.etag;
}

} // namespace infra::storage
