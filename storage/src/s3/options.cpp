#include "options.hpp"

#include "address.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace s3 {
namespace {

constexpr std::string_view usual_region = "us-east-1";

[[noreturn]] void refuse_options(std::string_view sentence) {
    throw error(infra::errc::misconfigured, std::string(sentence));
}

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("storage::s3_options::") + sentence);
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

void check_keys(const s3_options& o) {
    const auto& k = o.keys;
    require(!o.ask_for_keys || k.access_key_id.empty(), "keys and ask_for_keys: set one of them");
    if (k.access_key_id.empty() && k.secret_access_key.empty())
        return;
    require(is_token(k.access_key_id) && k.access_key_id.find('/') == std::string::npos,
            "keys.access_key_id must be a word without spaces and slashes");
    require(!k.secret_access_key.empty(), "keys.secret_access_key must be there beside access_key_id");
    require(k.session_token.empty() || is_token(k.session_token), "keys.session_token must be a word without spaces");
}

// --- The environment --------------------------------------------------------------------------------------------

std::string first_set(const environment& variables, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
        if (auto value = variables.get(name))
            return std::move(*value);
    return {};
}

// --- URLs -------------------------------------------------------------------------------------------------------

constexpr std::string_view url_form =
    "expected s3://bucket?region=…&endpoint=https://…, or s3+http://host:port/bucket for an endpoint in the clear";

addressing style_of(std::string_view word) {
    if (word == "path")
        return addressing::path;
    if (word == "host")
        return addressing::virtual_host;
    refuse_options("s3: style is path or host");
}

checksums checksums_of(std::string_view word) {
    constexpr std::pair<std::string_view, checksums> words[] = {{"automatic", checksums::automatic},
                                                                {"header", checksums::by_header},
                                                                {"md5", checksums::by_md5},
                                                                {"none", checksums::none}};
    for (const auto& [name, value] : words)
        if (word == name)
            return value;
    refuse_options("s3: checksums is automatic, header, md5 or none");
}

void apply(s3_options& to, std::string_view name, std::string value) {
    if (name == "region")
        to.region = std::move(value);
    else if (name == "endpoint")
        to.endpoint = std::move(value);
    else if (name == "public_endpoint")
        to.public_endpoint = std::move(value);
    else if (name == "ca_file")
        to.tls = {.ca_file = std::move(value)};
    else if (name == "style")
        to.addressing = style_of(value);
    else if (name == "checksums")
        to.checksums = checksums_of(value);
    else
        refuse_options("s3: a URL says region, endpoint, public_endpoint, ca_file, style and checksums; keys are "
                       "S3_ACCESS_KEY_ID's and "
                       "S3_SECRET_ACCESS_KEY's");
}

void apply_query(s3_options& to, std::string_view query) {
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        const auto equals = std::min(pair.find('='), pair.size());
        auto value = encoding::percent_decode(pair.substr(std::min(equals + 1, pair.size())));
        if (!value || value->empty())
            refuse_options("s3: a part of the URL behind '?' has no value, or a broken one");
        apply(to, pair.substr(0, equals), std::move(*value));
    }
}

// `//host:port/path/bucket`
void apply_clear_place(s3_options& to, std::string_view place) {
    const auto slash = place.rfind('/');
    if (!place.starts_with("//") || slash < 3 || slash + 1 == place.size())
        refuse_options(std::string("s3+http: ").append(url_form));
    to.endpoint = std::string("http:").append(place.substr(0, slash));
    to.bucket = place.substr(slash + 1);
}

void apply_place(s3_options& to, std::string_view place) {
    if (place.starts_with("//"))
        place.remove_prefix(2);
    if (place.ends_with('/'))
        place.remove_suffix(1);
    if (!place.empty())
        to.bucket = place;
}

/// All but bucket and credentials.
s3_options defaults_from(const environment& variables) {
    s3_options o;
    o.bucket = variables.get_or("S3_BUCKET", "");
    o.endpoint = first_set(variables, {"S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
    o.public_endpoint = variables.get_or("S3_PUBLIC_ENDPOINT", "");
    if (auto region = first_set(variables, {"S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"}); !region.empty())
        o.region = std::move(region);
    o.proxy = http::proxies_from(variables);
    o.tls = http::tls_from(variables);
    if (auto file = first_set(variables, {"S3_CA_FILE", "AWS_CA_BUNDLE"}); !file.empty())
        o.tls = {.ca_file = std::move(file)};
    return o;
}

// While the variables are at hand to be named.
s3_options completed_options(s3_options o, const environment& variables) {
    if (o.bucket.empty())
        refuse_options("S3_BUCKET is not set; objects in S3 need a bucket: S3_BUCKET, or s3://bucket as STORAGE_URL");
    if (!is_region(o.region))
        refuse_options("S3_REGION: expected a region's name, such as eu-central-1");
    o.keys = credentials_from(variables);
    address_of(o);
    public_address_of(o);
    return o;
}

} // namespace

std::string region_told_by(const endpoint& e) {
    if (is_r2(e))
        return "auto";
    if (!is_b2(e) && !is_of_aws(e))
        return {};
    std::string_view host = e.host; // s3.<region>.backblazeb2.com, s3-<region>.amazonaws.com, s3.dualstack.<region>.…
    host = host.substr(0, host.rfind(is_b2(e) ? ".backblazeb2.com" : ".amazonaws.com"));
    const auto dot = host.rfind('.');
    auto word = dot == std::string_view::npos ? host : host.substr(dot + 1);
    if (word.starts_with("s3-"))
        word.remove_prefix(3);
    const bool names_one = is_region(word) && std::ranges::count(word, '-') >= 2 && !word.starts_with("accelerate");
    return names_one ? std::string(word) : std::string();
}

s3_options checked(s3_options o) {
    require(is_region(o.region), "region must be a region's name, such as eu-central-1");
    require(!o.user_agent.empty() && std::ranges::all_of(o.user_agent, [](char c) { return c >= ' ' && c < 0x7f; }),
            "user_agent must be text for a header");
    require(o.connections >= 1 && o.connections <= 10'000, "connections must be between 1 and 10000");
    require(o.connect_timeout > std::chrono::milliseconds::zero(), "connect_timeout must be greater than zero");
    require(o.time, "time must be a clock");
    check_keys(o);
    const auto at = address_of(o).at();
    public_address_of(o);
    if (auto told = region_told_by(at); o.region == usual_region && !told.empty())
        o.region = std::move(told);
    if (is_r2(at))
        o.checksum = checksum_kind::crc64nvme;
    return o;
}

} // namespace s3

s3_options s3_options_from(const environment& variables) {
    return s3::completed_options(s3::defaults_from(variables), variables);
}

s3_options s3_options_from_url(std::string_view url, const environment& variables) {
    auto o = s3::defaults_from(variables);
    const auto question = std::min(url.find('?'), url.size());
    const auto colon = std::min(url.find(':'), question);
    const auto place = url.substr(std::min(colon + 1, question), question - std::min(colon + 1, question));
    if (place.find('@') != std::string_view::npos)
        s3::refuse_options(
            "s3: a URL has no keys in it, for URLs are shown and logged; they belong into S3_ACCESS_KEY_ID and "
            "S3_SECRET_ACCESS_KEY");
    if (url.starts_with("s3+http:"))
        s3::apply_clear_place(o, place);
    else if (url.starts_with("s3:"))
        s3::apply_place(o, place);
    else
        s3::refuse_options(std::string("s3: ").append(s3::url_form));
    s3::apply_query(o, url.substr(std::min(question + 1, url.size())));
    return s3::completed_options(std::move(o), variables);
}

} // namespace infra::storage
