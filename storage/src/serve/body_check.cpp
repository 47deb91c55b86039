#include "body_check.hpp"

#include "../../../base/src/keep_openssl.hpp"
#include "../sigv4/names.hpp"
#include "refusal.hpp"

#include <infra/base/encoding.hpp>

#include <openssl/evp.h>

#include <new>

namespace infra::storage::serve {
namespace {

checksum read_checksum(std::string_view name, std::string_view value) {
    const auto kind = checksum_kind_from(sigv4::lower(name.substr(checksum_prefix.size())));
    if (!kind)
        throw refused(501, "NotImplemented",
                      "Checksums of this kind are not computed here: use crc32c, crc64nvme or sha256.");
    const auto sum = checksum::from_base64(*kind, value);
    if (!sum)
        throw refused(400, "InvalidRequest", "Value for " + std::string(name) + " header is invalid.");
    return *sum;
}

std::string read_md5(std::string_view value) {
    auto digest = encoding::base64_decode(value);
    if (!digest || digest->size() != 16)
        throw refused(400, "InvalidDigest", "The Content-MD5 you specified is not valid.");
    return std::move(*digest);
}

void digest_must(int succeeded) {
    if (succeeded != 1)
        throw std::bad_alloc();
}

} // namespace

expected_body expected_by(const http::headers& fields) {
    expected_body made;
    for (const auto [name, value] : fields)
        if (sigv4::same_name(name, "content-md5"))
            made.md5 = read_md5(value);
        else if (sigv4::same_name(name.substr(0, checksum_prefix.size()), checksum_prefix))
            made.sum = read_checksum(name, value);
    return made;
}

struct body_check::md5 {
    md5() {
        infra::detail::keep_openssl();
        digest_must(EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr));
    }

    void update(std::string_view bytes) { digest_must(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size())); }

    std::string finish() {
        std::string digest(16, '\0');
        digest_must(EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr));
        return digest;
    }

    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

body_check::body_check(expected_body of)
    : expected_(std::move(of)),
      md5_(expected_.md5 ? std::make_unique<md5>() : nullptr),
      sum_(expected_.sum ? expected_.sum->kind() : checksum_kind::crc32c) {}

body_check::~body_check() = default;

void body_check::update(std::string_view bytes) {
    size_ += bytes.size();
    if (size_ > expected_.max_size)
        throw refused(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
    if (md5_)
        md5_->update(bytes);
    if (expected_.sum)
        sum_.update(bytes);
}

void body_check::finish() {
    if (size_ < expected_.min_size)
        throw refused(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
    if ((md5_ && md5_->finish() != *expected_.md5) || (expected_.sum && sum_.value() != *expected_.sum))
        throw refused(400, "BadDigest", "The Content-MD5 or checksum you specified did not match what we received.");
}

} // namespace infra::storage::serve
