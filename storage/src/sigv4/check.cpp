#include "canonical.hpp"
#include "names.hpp"
#include "sha256.hpp"
#include "sigv4.hpp"

#include <algorithm>
#include <charconv>

namespace infra::storage::sigv4 {
namespace {

using namespace std::chrono_literals;

constexpr auto max_skew = 15min;
constexpr auto max_expires = std::chrono::seconds(std::chrono::days(7));

/// What a request says of its own signature.
struct claim {
    std::string_view algorithm, credential, date, names, signature, payload;
    std::optional<std::chrono::seconds> expires; ///< only of a URL
};

/// Exactly one pair of this name.
std::optional<std::string_view> only_pair(const request& r, std::string_view name) {
    std::optional<std::string_view> found;
    for (const auto& [key, value] : r.query) {
        if (key != name)
            continue;
        if (found)
            return std::nullopt;
        found = value;
    }
    return found;
}

bool has_pair(const request& r, std::string_view name) {
    return std::any_of(r.query.begin(), r.query.end(), [&](const auto& pair) { return pair.first == name; });
}

std::optional<std::chrono::seconds> parse_expires(std::string_view text) noexcept {
    std::chrono::seconds::rep value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size() || value < 1 || value > max_expires.count())
        return std::nullopt;
    return std::chrono::seconds(value);
}

std::optional<claim> claim_of_query(const request& r) {
    const auto method = only_pair(r, "X-Amz-Algorithm"), credential = only_pair(r, "X-Amz-Credential"),
               date = only_pair(r, "X-Amz-Date"), names = only_pair(r, "X-Amz-SignedHeaders"),
               signature = only_pair(r, "X-Amz-Signature"), expires = only_pair(r, "X-Amz-Expires");
    if (!method || !credential || !date || !names || !signature || !expires)
        return std::nullopt;
    const auto seconds = parse_expires(*expires);
    if (!seconds)
        return std::nullopt;
    const auto payload = field_of(r.headers, "x-amz-content-sha256").value_or(unsigned_payload);
    return claim{*method, *credential, *date, *names, *signature, payload, seconds};
}

/// "Name=value" of the comma-separated list, without Name.
std::optional<std::string_view> parameter(std::string_view list, std::string_view name) {
    while (!list.empty()) {
        auto item = list.substr(0, list.find(','));
        list.remove_prefix(std::min(item.size() + 1, list.size()));
        item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
        item = item.substr(0, item.find_last_not_of(' ') + 1);
        if (item.starts_with(name) && item.substr(name.size()).starts_with('='))
            return item.substr(name.size() + 1);
    }
    return std::nullopt;
}

std::optional<claim> claim_of_header(const request& r, std::string_view authorization) {
    const auto space = authorization.find(' ');
    const auto list = space == authorization.npos ? std::string_view() : authorization.substr(space + 1);
    const auto credential = parameter(list, "Credential"), names = parameter(list, "SignedHeaders"),
               signature = parameter(list, "Signature"), date = field_of(r.headers, "x-amz-date");
    if (!credential || !names || !signature || !date)
        return std::nullopt;
    const auto payload = field_of(r.headers, "x-amz-content-sha256").value_or("");
    return claim{authorization.substr(0, space), *credential, *date, *names, *signature, payload, std::nullopt};
}

verdict check_time(const claim& c, wall_time signed_at, wall_time now) noexcept {
    if (!c.expires)
        return now - signed_at >= max_skew || signed_at - now >= max_skew ? verdict::skewed : verdict::good;
    return signed_at - now >= max_skew || now - signed_at > *c.expires ? verdict::expired : verdict::good;
}

bool is_payload(std::string_view text) noexcept {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return text == unsigned_payload || text.starts_with("STREAMING-") ||
           (text.size() == empty_payload.size() && std::all_of(text.begin(), text.end(), is_digit));
}

bool lists(std::string_view names, std::string_view name) {
    while (!names.empty()) {
        const auto next = names.substr(0, names.find(';'));
        if (same_name(next, name))
            return true;
        names.remove_prefix(std::min(next.size() + 1, names.size()));
    }
    return false;
}

// What means something to a store must not be added by whoever has a signature for less.
bool must_be_signed(std::string_view name) noexcept {
    return same_name(name, "host") || same_name(name.substr(0, 6), "x-amz-");
}

bool leaves_out(const request& r, std::string_view names) {
    return !lists(names, "host") || std::any_of(r.headers.begin(), r.headers.end(), [&](const auto& header) {
        return must_be_signed(header.first) && !lists(names, header.first);
    });
}

bool is_signature(const request& r, const claim& c, std::string_view secret, const scope& in) {
    std::vector<header_view> covered;
    for (const auto& [name, value] : r.headers)
        if (lists(c.names, name))
            covered.push_back({name, value});
    const auto headers = canonical(std::move(covered));
    if (headers.names != c.names)
        return false; // one that is signed is not there
    fields query;
    for (const auto& pair : r.query)
        if (!c.expires || pair.first != "X-Amz-Signature")
            query.push_back(pair);
    const auto text = canonical_request(r.method, r.path, canonical_query(query), headers, c.payload);
    return are_equal(signature_of(text, c.date, secret, in), c.signature);
}

verdict check_claim(const request& r, const claim& c,
                    const std::function<std::optional<std::string>(std::string_view)>& secret_of, const scope& in) {
    const auto by = parse_credential(c.credential);
    const auto signed_at = parse_timestamp(c.date);
    if (c.algorithm != algorithm || !by || !signed_at || by->day != c.date.substr(0, 8))
        return verdict::malformed;
    const auto secret = secret_of(by->key_id);
    if (!secret)
        return verdict::unknown_key;
    if (by->region != in.region || by->service != in.service)
        return verdict::wrong_scope;
    if (const auto late = check_time(c, *signed_at, in.now); late != verdict::good)
        return late;
    if (!is_payload(c.payload))
        return verdict::wrong_payload;
    if (leaves_out(r, c.names))
        return verdict::unsigned_headers;
    return is_signature(r, c, *secret, in) ? verdict::good : verdict::mismatch;
}

} // namespace

verdict check(const request& got, const std::function<std::optional<std::string>(std::string_view)>& secret_of,
              const scope& in) {
    const bool by_query = has_pair(got, "X-Amz-Signature");
    const auto authorization = field_of(got.headers, "authorization");
    if (!by_query && !authorization)
        return verdict::unsigned_request;
    const auto said = by_query ? claim_of_query(got) : claim_of_header(got, *authorization);
    return said ? check_claim(got, *said, secret_of, in) : verdict::malformed;
}

} // namespace infra::storage::sigv4
