#include "signed_url.hpp"

#include "sigv4/names.hpp"
#include "sigv4/post_policy.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace infra::storage {
namespace {

void check_expires(std::chrono::seconds expires) {
    if (expires < std::chrono::seconds(1) || expires > max_signed_for)
        throw std::invalid_argument("expires: a signed URL is good for one second to seven days");
}

void check_options(const signed_url_options& options) {
    constexpr std::array allowed{http::method::get, http::method::put, http::method::head, http::method::delete_};
    if (std::find(allowed.begin(), allowed.end(), options.method) == allowed.end())
        throw std::invalid_argument("signed_url_options::method: get, put, head or delete_");
    if (options.method != http::method::put &&
        (!options.content_type.empty() || options.content_length || options.checksum || options.if_absent))
        throw std::invalid_argument(
            "signed_url_options: content_type, content_length, checksum and if_absent are of a PUT");
}

std::string host_of(std::string_view scheme, std::string_view authority) {
    const std::string_view port = scheme == "https" ? ":443" : ":80";
    if (authority.ends_with(port))
        authority.remove_suffix(port.size());
    return std::string(authority);
}

sigv4::fields pinned(const signed_url_options& options) {
    sigv4::fields headers;
    if (!options.content_type.empty())
        headers.emplace_back("Content-Type", options.content_type);
    if (options.content_length)
        headers.emplace_back("Content-Length", std::to_string(*options.content_length));
    if (options.checksum)
        headers.emplace_back("x-amz-checksum-" + std::string(to_string(options.checksum->kind())),
                             options.checksum->base64());
    if (options.if_absent)
        headers.emplace_back("If-None-Match", "*");
    return headers;
}

sigv4::fields answer_instead(const signed_url_options& options) {
    sigv4::fields query;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty())
            query.emplace_back(name, value);
    };
    add("response-content-type", options.response_content_type);
    add("response-content-disposition", options.response_content_disposition);
    add("response-cache-control", options.response_cache_control);
    return query;
}

std::string url_of(const url_place& at, sigv4::request what, std::chrono::seconds expires, const credentials& keys,
                   const sigv4::scope& in) {
    check_expires(expires);
    what.path = at.path;
    what.headers.insert(what.headers.begin(), {"Host", at.host});
    return at.origin + at.path + "?" + sigv4::presign(what, expires, keys, in);
}

} // namespace

url_place place_of(std::string_view base, std::string_view key) {
    const auto end = base.find("://");
    const auto scheme = base.substr(0, end);
    if (end == base.npos || (scheme != "http" && scheme != "https"))
        throw std::invalid_argument("a URL for signing begins with http:// or https://");
    const auto after = std::min(base.find('/', end + 3), base.size());
    const auto authority = base.substr(end + 3, after - end - 3);
    auto path = base.substr(after);
    const auto plain = [](char c) { return c > ' ' && c < '\x7f' && c != '?' && c != '#'; };
    if (authority.empty() || authority.find('@') != authority.npos || !std::all_of(base.begin(), base.end(), plain))
        throw std::invalid_argument(
            "a URL for signing is a scheme, a host and a path, without user, query and fragment");
    while (path.ends_with('/'))
        path.remove_suffix(1);
    // As browsers send it, whatever was written.
    const auto origin = sigv4::lower(base.substr(0, after));
    url_place at{origin, host_of(scheme, std::string_view(origin).substr(end + 3)), std::string(path)};
    if (!key.empty() || path.empty())
        at.path.append("/").append(encoding::percent_encode(key, encoding::path));
    return at;
}

signed_request sign_url(const url_place& at, std::chrono::seconds expires, const signed_url_options& options,
                        const credentials& keys, const sigv4::scope& in) {
    check_options(options);
    auto headers = pinned(options);
    sigv4::request what{
        .method = std::string(http::to_string(options.method)), .query = answer_instead(options), .headers = headers};
    return {url_of(at, std::move(what), expires, keys, in), std::move(headers)};
}

std::string sign_part_url(const url_place& at, const std::string& upload, int number, std::chrono::seconds expires,
                          const credentials& keys, const sigv4::scope& in) {
    sigv4::request what{.method = "PUT", .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}}};
    return url_of(at, std::move(what), expires, keys, in);
}

signed_form sign_form_for(const std::string& base, const std::string& bucket, const post_policy& policy,
                          std::chrono::seconds expires, const credentials& keys, const sigv4::scope& in) {
    check_expires(expires);
    const auto at = place_of(base);
    return {at.origin + at.path, sigv4::form_fields(policy, bucket, expires, keys, in)};
}

} // namespace infra::storage
