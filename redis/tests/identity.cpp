#include "tests/identity.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

namespace infra::redis {
namespace {

void extend(X509* certificate, int nid, const char* value) {
    auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

template <class F>
void write(const std::string& file, F f) {
    BIO* to = BIO_new_file(file.c_str(), "w");
    EXPECT_EQ(f(to), 1);
    BIO_free(to);
}

} // namespace

identity::identity() {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair(EVP_EC_gen("P-256"), &EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), pair.get());
    auto* name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("redis.test"), -1, -1,
                               0);
    X509_set_issuer_name(made.get(), name);
    extend(made.get(), NID_subject_alt_name, "DNS:redis.test,IP:127.0.0.1");
    extend(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(made.get(), pair.get(), EVP_sha256());
    hash_ = X509_subject_name_hash(made.get());
    write(certificate(), [&](BIO* to) { return PEM_write_bio_X509(to, made.get()); });
    write(key(),
          [&](BIO* to) { return PEM_write_bio_PrivateKey(to, pair.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string identity::hashed_name() const {
    char name[16];
    std::snprintf(name, sizeof name, "%08lx.0", hash_);
    return name;
}

std::vector<std::string> identity::words_of_a_server(std::uint16_t port) const {
    return {"--tls-port", std::to_string(port), "--tls-cert-file", certificate(),        "--tls-key-file",
            key(),        "--tls-ca-cert-file", certificate(),     "--tls-auth-clients", "no"};
}

} // namespace infra::redis
