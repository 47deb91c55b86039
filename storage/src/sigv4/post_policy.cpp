#include "post_policy.hpp"

#include "credential_scope.hpp"
#include "names.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace infra::storage::sigv4 {
namespace {

// As AWS's SDKs write them.
constexpr std::array<std::string_view, 9> of_the_signature{"bucket",
                                                           "file",
                                                           "key",
                                                           "policy",
                                                           "x-amz-algorithm",
                                                           "x-amz-credential",
                                                           "x-amz-date",
                                                           "x-amz-signature",
                                                           "x-amz-security-token"};

void check(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(sentence);
}

void check(const post_policy& policy) {
    check(policy.key.empty() || policy.key_prefix.empty(), "post_policy: set key or key_prefix, not both");
    check(policy.content_type.empty() || policy.content_type_prefix.empty(),
          "post_policy: set content_type or content_type_prefix, not both");
    check(policy.min_size <= policy.max_size, "post_policy::min_size is more than max_size");
    for (const auto& [name, value] : policy.fields) {
        const auto is_name = [&](std::string_view other) { return same_name(name, other); };
        check(std::none_of(of_the_signature.begin(), of_the_signature.end(), is_name),
              "post_policy::fields holds a name that the signature needs: bucket, file, key, policy, x-amz-algorithm, "
              "-credential, -date, -security-token or -signature");
        check(!is_name("content-type") || (policy.content_type.empty() && policy.content_type_prefix.empty()),
              "post_policy::fields holds a Content-Type beside content_type");
    }
}

// A variable in the middle means itself to S3: only at the end the key may be any that begins so.
std::string key_field(const post_policy& policy) {
    if (!policy.key.empty())
        return policy.key;
    return policy.key_prefix.ends_with(file_name_variable) ? policy.key_prefix
                                                           : policy.key_prefix + std::string(file_name_variable);
}

json::array starts_with(std::string_view field, std::string_view value) {
    return {"starts-with", "$" + std::string(field), value};
}

json::value key_condition(const post_policy& policy) {
    if (!policy.key.empty())
        return {{"key", policy.key}};
    const auto whole = key_field(policy);
    return starts_with("key", whole.substr(0, whole.size() - file_name_variable.size()));
}

std::string expiration(wall_time t) {
    const auto text = format_rfc3339(t);
    return std::string(text.data(), 19) + "Z";
}

std::string document_of(const post_policy& policy, const std::map<std::string, std::string>& hidden, wall_time until) {
    json::array conditions;
    for (const auto& [name, value] : hidden)
        conditions.push_back({{name, value}});
    conditions.push_back(key_condition(policy));
    conditions.push_back({"content-length-range", policy.min_size, policy.max_size});
    if (!policy.content_type_prefix.empty())
        conditions.push_back(starts_with("Content-Type", policy.content_type_prefix));
    return json::to_text(json::object{{"expiration", expiration(until)}, {"conditions", std::move(conditions)}});
}

} // namespace

std::map<std::string, std::string> form_fields(const post_policy& policy, const std::string& bucket,
                                               std::chrono::seconds expires, const credentials& keys, const scope& in) {
    check(policy);
    const auto when = timestamp(in.now);
    auto hidden = policy.fields;
    if (!policy.content_type.empty())
        hidden["Content-Type"] = policy.content_type;
    hidden["bucket"] = bucket;
    hidden["X-Amz-Algorithm"] = algorithm;
    hidden["X-Amz-Credential"] = credential_of(keys, when, in);
    hidden["X-Amz-Date"] = when;
    if (!keys.session_token.empty())
        hidden["X-Amz-Security-Token"] = keys.session_token;
    const auto document = encoding::base64_encode(document_of(policy, hidden, in.now + expires));
    hidden["X-Amz-Signature"] = sign_policy(document, keys, in);
    hidden["Policy"] = document;
    hidden["key"] = key_field(policy);
    return hidden;
}

} // namespace infra::storage::sigv4
