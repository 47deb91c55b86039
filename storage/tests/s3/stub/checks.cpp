#include "checks.hpp"

#include "digest.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/http_date.hpp>

#include <charconv>

namespace infra::storage::stub {
namespace {

bool is_anonymous_read(const message& m) {
    return (m.method == "GET" || m.method == "HEAD") && !m.header("authorization") && !m.asks("X-Amz-Signature");
}

bool lists(std::string_view etags, std::string_view etag) {
    return etags == "*" || etags.find('"' + std::string(etag) + '"') != std::string_view::npos || etags == etag;
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t n = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
    return ec == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(n) : std::nullopt;
}

} // namespace

refusal refusal_of(sigv4::verdict v, const options& o, wall_time now) {
    using enum sigv4::verdict;
    switch (v) {
    case unsigned_request:
    case unsigned_headers: return refusal(403, "AccessDenied", "Access Denied");
    case unknown_key:
        return refusal(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
    case wrong_scope:
        return refusal(400, "AuthorizationHeaderMalformed",
                       "The authorization header is malformed; the region is wrong; expecting '" + o.region + "'",
                       {{"Region", o.region}}, {{"x-amz-bucket-region", o.region}});
    case expired: return refusal(403, "AccessDenied", "Request has expired");
    case skewed: {
        const auto text = format_rfc3339(now);
        return refusal(
            403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.",
            {{"ServerTime", std::string(text.begin(), text.end())}, {"MaxAllowedSkewMilliseconds", "900000"}});
    }
    case wrong_payload:
        return refusal(400, "XAmzContentSHA256Mismatch",
                       "The provided 'x-amz-content-sha256' header does not match what was computed.");
    case mismatch:
        return refusal(403, "SignatureDoesNotMatch",
                       "The request signature we calculated does not match the signature you provided. Check your key "
                       "and signing method.");
    default: return refusal(400, "AuthorizationHeaderMalformed", "The authorization header is malformed.");
    }
}

void check_signature(const message& m, const stub::options& o, wall_time now) {
    if (!o.check_signatures || (o.anonymous_reads && is_anonymous_read(m)))
        return;
    const auto secret_of = [&](std::string_view id) {
        return id == o.keys.access_key_id ? std::optional(o.keys.secret_access_key) : std::nullopt;
    };
    const auto v = sigv4::check({m.method, m.path, m.query, m.headers}, secret_of, {o.region, now});
    if (v != sigv4::verdict::good)
        throw refusal_of(v, o, now);
    const auto token = m.header("x-amz-security-token").value_or(m.argument("X-Amz-Security-Token"));
    if (token != o.keys.session_token)
        throw refusal(400, "InvalidToken", "The provided token is malformed or otherwise invalid.");
}

void check_hashes(const message& m) {
    const auto said = m.header("x-amz-content-sha256").value_or("");
    if (said.size() == 64 && said != m.raw_hash)
        throw refusal(400, "XAmzContentSHA256Mismatch",
                      "The provided 'x-amz-content-sha256' header does not match what was computed.");
    const auto of_md5 = m.header("content-md5");
    if (!of_md5)
        return;
    if (encoding::base64_decode(*of_md5).value_or("").size() != 16)
        throw refusal(400, "InvalidDigest", "The Content-MD5 you specified is not valid.");
    if (encoding::base64_encode(md5(m.body.bytes.view())) != *of_md5)
        throw refusal(400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
}

void check_read_conditions(const message& m, const stored& object, std::string_view prefix) {
    const auto said = [&](std::string_view name) { return m.header(std::string(prefix) + std::string(name)); };
    const auto date = [&](std::string_view name) {
        const auto text = said(name);
        return text ? parse_http_date(*text) : std::nullopt;
    };
    const auto modified = std::chrono::floor<std::chrono::seconds>(object.modified);
    const bool failed = said("if-match") ? !lists(*said("if-match"), object.etag)
                                         : date("if-unmodified-since") && modified > *date("if-unmodified-since");
    if (failed)
        throw refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    const bool unchanged = said("if-none-match") ? lists(*said("if-none-match"), object.etag)
                                                 : date("if-modified-since") && modified <= *date("if-modified-since");
    if (unchanged)
        throw refusal(prefix.empty() ? 304 : 412, prefix.empty() ? "NotModified" : "PreconditionFailed", "Not Modified",
                      {}, {{"etag", '"' + object.etag + '"'}});
}

span_of_bytes range_of(const std::optional<std::string>& range, std::uint64_t size) {
    const span_of_bytes whole{0, size, false};
    if (!range || !range->starts_with("bytes=") || range->find(',') != std::string::npos)
        return whole;
    const std::string_view text = std::string_view(*range).substr(6);
    const auto dash = text.find('-');
    if (dash == std::string_view::npos)
        return whole;
    const auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
    if (!first && !last)
        return whole;
    const auto unsatisfiable = [&] {
        return refusal(416, "InvalidRange", "The requested range is not satisfiable",
                       {{"RangeRequested", *range}, {"ActualObjectSize", std::to_string(size)}},
                       {{"content-range", "bytes */" + std::to_string(size)}});
    };
    if (!first) {
        if (*last == 0 || size == 0)
            throw unsatisfiable();
        const auto length = std::min(*last, size);
        return {size - length, length, true};
    }
    if (last && *last < *first)
        return whole;
    if (*first >= size)
        throw unsatisfiable();
    return {*first, std::min(last.value_or(size - 1), size - 1) - *first + 1, true};
}

fields attributes_of(const message& m) {
    fields kept;
    for (const auto& [name, value] : m.headers) {
        if (name == "content-type" || name == "cache-control" || name == "content-disposition" ||
            name == "content-language" || name == "expires" || name == "x-amz-storage-class" ||
            name.starts_with("x-amz-meta-"))
            kept.emplace_back(name, value);
        if (name == "content-encoding" && value != "aws-chunked")
            kept.emplace_back(name, value.starts_with("aws-chunked,") ? value.substr(12) : value);
    }
    return kept;
}

std::string unquoted(std::string_view etag) {
    if (etag.size() > 1 && etag.front() == '"' && etag.back() == '"')
        etag = etag.substr(1, etag.size() - 2);
    return std::string(etag);
}

} // namespace infra::storage::stub
