#include "test_authority.hpp"

#include <infra/base/id.hpp>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace infra::testing {
namespace {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* held) const noexcept {
        Free(held);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

void require(bool holds) {
    if (!holds)
        throw std::runtime_error("OpenSSL refused to make a certificate");
}

void extend(X509* certificate, int nid, const std::string& value) {
    auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    require(extension && X509_add_ext(certificate, extension, -1));
    X509_EXTENSION_free(extension);
}

certificate_ptr draft(EVP_PKEY* key, const char* name, long serial, long from, long until) {
    certificate_ptr made(X509_new());
    require(made && X509_set_version(made.get(), 2) && X509_set_pubkey(made.get(), key));
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), until);
    const auto* const text = reinterpret_cast<const unsigned char*>(name);
    require(X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC, text, -1, -1, 0));
    return made;
}

void sign(X509* certificate, const X509_NAME* issuer, EVP_PKEY* by) {
    require(X509_set_issuer_name(certificate, issuer) && X509_sign(certificate, by, EVP_sha256()) > 0);
}

} // namespace

struct test_authority::secret {
    key_ptr key{EVP_EC_gen("P-256")};
    certificate_ptr certificate;
    long issued = 1;
};

test_authority::test_authority() : secret_(std::make_unique<secret>()) {
    auto& s = *secret_;
    require(s.key != nullptr);
    s.certificate = draft(s.key.get(), ("infra test " + random_hex(4)).c_str(), 1, -7200, 7200);
    extend(s.certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    extend(s.certificate.get(), NID_key_usage, "critical,keyCertSign");
    sign(s.certificate.get(), X509_get_subject_name(s.certificate.get()), s.key.get());
    const file_ptr file(std::fopen(ca_file().c_str(), "wxe"));
    require(file && PEM_write_X509(file.get(), s.certificate.get()));
}

test_authority::~test_authority() = default;

std::string test_authority::ca_file() const { return folder_.path() + "/ca.pem"; }

std::string test_authority::issue(const subject& to) const {
    auto& s = *secret_;
    const key_ptr key(EVP_EC_gen("P-256"));
    require(key != nullptr);
    const auto made = draft(key.get(), "infra test server", ++s.issued, to.valid_from, to.valid_until);
    extend(made.get(), NID_subject_alt_name, to.alternative_name);
    sign(made.get(), X509_get_subject_name(s.certificate.get()), s.key.get());
    auto path = folder_.path() + "/server-" + std::to_string(s.issued) + ".pem";
    const file_ptr file(std::fopen(path.c_str(), "wxe"));
    require(file && PEM_write_X509(file.get(), made.get()) &&
            PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr));
    return path;
}

} // namespace infra::testing
