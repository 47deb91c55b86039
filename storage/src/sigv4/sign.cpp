#include "canonical.hpp"
#include "sha256.hpp"
#include "signing_key.hpp"
#include "sigv4.hpp"

#include <infra/base/encoding.hpp>

namespace infra::storage::sigv4 {
namespace {

std::vector<header_view> views_of(const fields& headers, std::size_t more) {
    std::vector<header_view> views;
    views.reserve(headers.size() + more);
    for (const auto& [name, value] : headers)
        views.push_back({name, value});
    return views;
}

std::string authorization(const std::string& credential, std::string_view names, std::string_view signature) {
    std::string text(algorithm);
    text.reserve(algorithm.size() + credential.size() + names.size() + signature.size() + 48);
    text.append(" Credential=").append(credential).append(", SignedHeaders=").append(names);
    return text.append(", Signature=").append(signature);
}

} // namespace

std::string payload_hash(std::string_view bytes) { return hex(sha256(bytes)); }

fields sign(const request& of, std::string_view payload, const credentials& keys, const scope& in) {
    fields added;
    added.reserve(4);
    added.emplace_back("x-amz-date", timestamp(in.now));
    added.emplace_back("x-amz-content-sha256", payload);
    if (!keys.session_token.empty())
        added.emplace_back("x-amz-security-token", keys.session_token);
    auto views = views_of(of.headers, added.size());
    for (const auto& [name, value] : added)
        views.push_back({name, value});
    const auto headers = canonical(std::move(views));
    const std::string_view when = added.front().second;
    const auto text = canonical_request(of.method, of.path, canonical_query(of.query), headers, payload);
    const auto signature = signature_of(text, when, keys.secret_access_key, in);
    added.emplace_back("authorization", authorization(credential_of(keys, when, in), headers.names, signature));
    return added;
}

std::string presign(const request& of, std::chrono::seconds expires, const credentials& keys, const scope& in) {
    const auto when = timestamp(in.now);
    const auto headers = canonical(views_of(of.headers, 0));
    auto pairs = of.query;
    pairs.emplace_back("X-Amz-Algorithm", algorithm);
    pairs.emplace_back("X-Amz-Credential", credential_of(keys, when, in));
    pairs.emplace_back("X-Amz-Date", when);
    pairs.emplace_back("X-Amz-Expires", std::to_string(expires.count()));
    if (!keys.session_token.empty())
        pairs.emplace_back("X-Amz-Security-Token", keys.session_token);
    pairs.emplace_back("X-Amz-SignedHeaders", headers.names);
    auto query = canonical_query(pairs);
    const auto text = canonical_request(of.method, of.path, query, headers, unsigned_payload);
    query.append("&X-Amz-Signature=").append(signature_of(text, when, keys.secret_access_key, in));
    return query;
}

std::string sign_policy(std::string_view base64_policy, const credentials& keys, const scope& in) {
    const auto day = timestamp(in.now).substr(0, 8);
    return hex(hmac_sha256(bytes_of(signing_key(keys.secret_access_key, day, in.region, in.service)), base64_policy));
}

} // namespace infra::storage::sigv4
