#include "sidecar.hpp"

#include "../attributes.hpp"
#include "../checks.hpp"

#include <infra/base/json.hpp>

#include <boost/describe/class.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace infra::storage::disk {
namespace {

using optional_text = std::optional<std::string>;

/// What there is none of is left out.
struct record {
    std::string key{};
    optional_text content_type{};
    optional_text cache_control{};
    optional_text content_disposition{};
    optional_text content_encoding{};
    optional_text content_language{};
    std::optional<metadata_map> metadata{};
    optional_text checksum{};
};
BOOST_DESCRIBE_STRUCT(record, (),
                      (key, content_type, cache_control, content_disposition, content_encoding, content_language,
                       metadata, checksum))

template <class T>
std::optional<T> unless_empty(const T& value) {
    return value.empty() ? std::nullopt : std::optional(value);
}

// What no header could carry would be refused at every read.
bool can_be_sent(const object_attributes& a) {
    const auto is_sound = [](const auto& each) { return is_token(each.first) && is_text(each.second); };
    return is_text(a.content_type) && is_text(a.cache_control) && is_text(a.content_disposition) &&
           is_text(a.content_encoding) && is_text(a.content_language) && std::ranges::all_of(a.metadata, is_sound);
}

void append_hex(std::string& to, std::uint64_t number) {
    std::array<char, 16> digits{};
    to.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr);
}

} // namespace

std::string to_text(const checksum& sum) { return std::string(to_string(sum.kind())) + ":" + sum.base64(); }

std::optional<checksum> checksum_from_text(std::string_view text) {
    const auto colon = text.find(':');
    const auto kind = colon == text.npos ? std::nullopt : checksum_kind_from(text.substr(0, colon));
    return kind ? checksum::from_base64(*kind, text.substr(colon + 1)) : std::nullopt;
}

std::string to_text(const sidecar& from) {
    const auto& a = from.attributes;
    return json::to_text(record{.key = from.key,
                                .content_type = unless_empty(a.content_type),
                                .cache_control = unless_empty(a.cache_control),
                                .content_disposition = unless_empty(a.content_disposition),
                                .content_encoding = unless_empty(a.content_encoding),
                                .content_language = unless_empty(a.content_language),
                                .metadata = unless_empty(a.metadata),
                                .checksum = from.checksum ? optional_text(to_text(*from.checksum)) : std::nullopt}) +
           "\n";
}

std::optional<sidecar> from_text(std::string_view text) {
    auto read = json::parse<record>(text);
    if (!read)
        return std::nullopt;
    sidecar made{.key = std::move(read->key),
                 .attributes = {.content_type = std::move(read->content_type).value_or(""),
                                .cache_control = std::move(read->cache_control).value_or(""),
                                .content_disposition = std::move(read->content_disposition).value_or(""),
                                .content_encoding = std::move(read->content_encoding).value_or(""),
                                .content_language = std::move(read->content_language).value_or(""),
                                .metadata = std::move(read->metadata).value_or(metadata_map())}};
    if (!can_be_sent(made.attributes))
        return std::nullopt;
    if (read->checksum && !(made.checksum = checksum_from_text(*read->checksum)))
        return std::nullopt;
    return made;
}

std::string etag_of(const version& which) {
    std::string etag;
    append_hex(etag, static_cast<std::uint64_t>(which.mtime_ns));
    etag += '-';
    append_hex(etag, which.size);
    return etag;
}

object_info info_of(std::string key, const version& which, const std::optional<sidecar>& known) {
    const wall_time modified{std::chrono::nanoseconds(which.mtime_ns)};
    object_info info{.key = std::move(key),
                     .size = which.size,
                     .etag = etag_of(which),
                     .modified = std::chrono::floor<std::chrono::seconds>(modified)};
    if (!known)
        return info;
    set_attributes(info, known->attributes);
    info.checksum = known->checksum;
    return info;
}

} // namespace infra::storage::disk
