#include "address.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <utility>

namespace infra::storage::s3 {
namespace {

bool is_small(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool looks_like_an_address(std::string_view name) noexcept {
    return std::ranges::count(name, '.') == 3 && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// AWS's rules, which are those of a host's name.
bool is_strict_name(std::string_view name) noexcept {
    return name.size() >= 3 && name.size() <= 63 && is_small(name.front()) && is_small(name.back()) &&
           name.find("..") == std::string_view::npos && !looks_like_an_address(name) &&
           std::ranges::all_of(name, [](char c) { return is_small(c) || c == '-' || c == '.'; });
}

/// What older stores take in a path: capitals and underscores too.
bool is_lax_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." && std::ranges::all_of(name, [](char c) {
        return is_small(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
    });
}

void check_name(std::string_view name, bool strictly) {
    if (strictly ? is_strict_name(name) : is_lax_name(name))
        return;
    throw error(
        infra::errc::misconfigured,
        strictly
            ? "S3_BUCKET: expected a bucket's name: 3 to 63 small letters, digits, '-' and '.', beginning and ending "
              "with a letter or digit"
            : "S3_BUCKET: expected a bucket's name: letters, digits, '-', '.' and '_'");
}

// A wildcard certificate ends at a dot, and stores of one's own rarely have one at all.
naming naming_of(const s3_options& o, bool endpoint_given) noexcept {
    const bool plain = o.bucket.find('.') == std::string::npos;
    const bool in_host =
        o.addressing == addressing::automatic ? !endpoint_given && plain : o.addressing == addressing::virtual_host;
    return in_host ? naming::in_host : naming::in_path;
}

} // namespace

address::address(endpoint at, std::string bucket, naming how)
    : at_(std::move(at)), bucket_(std::move(bucket)), how_(how) {
    check_name(bucket_, how_ == naming::in_host || is_of_aws(at_));
    if (how_ == naming::in_host && at_.host.starts_with('['))
        throw error(infra::errc::misconfigured, "S3_ENDPOINT: an address takes no bucket before it; use style=path");
}

std::string address::host() const {
    return how_ == naming::in_host ? bucket_ + "." + at_.authority() : at_.authority();
}

std::string address::path_of(std::string_view key) const {
    auto path = at_.path;
    if (how_ == naming::in_path)
        path.append("/").append(bucket_);
    if (!key.empty() || path.empty())
        path.append("/").append(encoding::percent_encode(key, encoding::path));
    return path;
}

std::string address::origin() const { return (at_.secure ? "https://" : "http://") + host(); }

address address_of(const s3_options& o) {
    const bool given = !o.endpoint.empty();
    return {given ? parse_endpoint(o.endpoint, "S3_ENDPOINT") : endpoint_of_region(o.region), o.bucket,
            naming_of(o, given)};
}

address public_address_of(const s3_options& o) {
    if (o.public_endpoint.empty())
        return address_of(o);
    auto at = parse_endpoint(o.public_endpoint, "S3_PUBLIC_ENDPOINT");
    const bool is_host = at.host == o.bucket && o.bucket.find('.') != std::string::npos;
    return {std::move(at), o.bucket, is_host ? naming::is_host : naming_of(o, true)};
}

} // namespace infra::storage::s3
