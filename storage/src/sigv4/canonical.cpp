#include "canonical.hpp"

#include "names.hpp"
#include "sha256.hpp"
#include "signing_key.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <compare>

namespace infra::storage::sigv4 {
namespace {

constexpr bool is_white(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::strong_ordering compare_names(std::string_view a, std::string_view b) noexcept {
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return static_cast<unsigned char>(lower(x)) <=> static_cast<unsigned char>(lower(y));
    });
}

// Few, and mostly sorted already; those of one name keep their order.
void sort_by_name(std::vector<header_view>& headers) {
    for (auto next = headers.begin(); next != headers.end(); ++next) {
        const auto place = std::upper_bound(headers.begin(), next, *next, [](const auto& a, const auto& b) {
            return compare_names(a.name, b.name) < 0;
        });
        std::rotate(place, next, next + 1);
    }
}

void append_lower(std::string& to, std::string_view text) {
    for (const char c : text)
        to += lower(c);
}

void append_value(std::string& to, std::string_view value) {
    while (!value.empty() && is_white(value.back()))
        value.remove_suffix(1);
    bool white = true;
    for (const char c : value) {
        if (!is_white(c))
            to += c;
        else if (!white)
            to += ' ';
        white = is_white(c);
    }
}

std::size_t size_of(const std::vector<header_view>& headers) noexcept {
    std::size_t size = 0;
    for (const auto& [name, value] : headers)
        size += name.size() + value.size() + 2;
    return size;
}

} // namespace

canonical_headers canonical(std::vector<header_view> headers) {
    sort_by_name(headers);
    canonical_headers made;
    made.lines.reserve(size_of(headers));
    std::string_view before;
    for (const auto& [name, value] : headers) {
        if (!before.empty() && compare_names(before, name) == 0) {
            made.lines.back() = ','; // instead of the line's end
        } else {
            if (!before.empty())
                made.names += ';';
            append_lower(made.names, name);
            append_lower(made.lines, name);
            made.lines += ':';
        }
        append_value(made.lines, value);
        made.lines += '\n';
        before = name;
    }
    return made;
}

std::string canonical_query(const fields& query) {
    fields encoded;
    encoded.reserve(query.size());
    std::size_t size = 0;
    for (const auto& [name, value] : query) {
        encoded.emplace_back(encoding::percent_encode(name), encoding::percent_encode(value));
        size += encoded.back().first.size() + encoded.back().second.size() + 2;
    }
    std::sort(encoded.begin(), encoded.end());
    std::string text;
    text.reserve(size);
    for (const auto& [name, value] : encoded) {
        if (!text.empty())
            text += '&';
        text.append(name).append("=").append(value);
    }
    return text;
}

std::string canonical_request(std::string_view method, std::string_view path, std::string_view query,
                              const canonical_headers& headers, std::string_view payload) {
    std::string text;
    text.reserve(method.size() + path.size() + query.size() + headers.lines.size() + headers.names.size() +
                 payload.size() + 5);
    text.append(method).append("\n").append(path).append("\n").append(query).append("\n");
    text.append(headers.lines).append("\n").append(headers.names).append("\n").append(payload);
    return text;
}

std::string signature_of(std::string_view canonical_request, std::string_view timestamp, std::string_view secret,
                         const scope& in) {
    std::string text(algorithm);
    text.append("\n").append(timestamp).append("\n").append(credential_scope(timestamp, in)).append("\n");
    text += hex(sha256(canonical_request));
    return hex(hmac_sha256(bytes_of(signing_key(secret, timestamp.substr(0, 8), in.region, in.service)), text));
}

} // namespace infra::storage::sigv4
