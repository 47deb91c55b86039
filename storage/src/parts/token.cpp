#include "token.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>
#include <infra/storage/error.hpp>

#include <tuple>
#include <utility>
#include <vector>

namespace infra::storage {
namespace {

constexpr std::string_view token_version = "up1.";
constexpr std::size_t longest_token = 16u << 20;

// Number, ETag, size and checksum: an upload may have ten thousand, and names would be most of the text.
using stored_part = std::tuple<int, std::string, std::uint64_t, std::string>;

struct stored_upload {
    std::string key{};
    std::string id{};
    std::uint64_t part_size = 0;
    std::optional<std::uint64_t> size{};
    std::optional<std::string> checksum{}; // the kind
    std::optional<std::string> content_type{};
    std::optional<std::string> cache_control{};
    std::optional<std::string> content_disposition{};
    std::optional<std::string> content_encoding{};
    std::optional<std::string> content_language{};
    std::optional<std::map<std::string, std::string>> metadata{};
    std::optional<std::map<std::string, std::string>> store_headers{};
    std::optional<bool> if_absent{};
    std::optional<std::string> if_match{};
    std::vector<stored_part> parts{};
};
BOOST_DESCRIBE_STRUCT(stored_upload, (),
                      (key, id, part_size, size, checksum, content_type, cache_control, content_disposition,
                       content_encoding, content_language, metadata, store_headers, if_absent, if_match, parts))

[[noreturn]] void refuse_token(std::string why) {
    throw storage_error(infra::errc::invalid_input, "the token names no upload: " + std::move(why));
}

template <class T>
std::optional<T> unless_empty(const T& value) {
    return value.empty() ? std::nullopt : std::optional(value);
}

std::optional<std::map<std::string, std::string>> stored(const metadata_map& map) {
    return unless_empty(std::map<std::string, std::string>(map.begin(), map.end()));
}

metadata_map read(const std::optional<std::map<std::string, std::string>>& stored) {
    return stored ? metadata_map(stored->begin(), stored->end()) : metadata_map();
}

checksum_kind kind_named(std::string_view name) {
    if (const auto kind = checksum_kind_from(name))
        return *kind;
    refuse_token("it speaks of another checksum");
}

stored_part stored(const part& p) { return {p.number, p.etag, p.size, p.checksum ? p.checksum->base64() : ""}; }

part read(stored_part stored, std::optional<checksum_kind> kind) {
    auto& [number, etag, size, sum] = stored;
    part made{.number = number, .etag = std::move(etag), .size = size};
    if (kind && !sum.empty())
        made.checksum = checksum::from_base64(*kind, sum);
    return made;
}

stored_upload stored(const upload_record& record) {
    const auto& about = record.attributes;
    stored_upload made{.key = record.upload.key,
                       .id = record.upload.id,
                       .part_size = record.part_size,
                       .size = record.size,
                       .content_type = unless_empty(about.content_type),
                       .cache_control = unless_empty(about.cache_control),
                       .content_disposition = unless_empty(about.content_disposition),
                       .content_encoding = unless_empty(about.content_encoding),
                       .content_language = unless_empty(about.content_language),
                       .metadata = stored(about.metadata),
                       .store_headers = stored(about.store_headers),
                       .if_match = unless_empty(record.write.if_match)};
    if (record.sum)
        made.checksum = std::string(to_string(*record.sum));
    if (record.write.if_absent)
        made.if_absent = true;
    for (const auto& [number, each] : record.parts)
        made.parts.push_back(stored(each));
    return made;
}

upload_record read(stored_upload stored) {
    upload_record made{
        .upload = {.key = std::move(stored.key), .id = std::move(stored.id)},
        .part_size = stored.part_size,
        .size = stored.size,
        .attributes = {.content_type = stored.content_type.value_or(""),
                       .cache_control = stored.cache_control.value_or(""),
                       .content_disposition = stored.content_disposition.value_or(""),
                       .content_encoding = stored.content_encoding.value_or(""),
                       .content_language = stored.content_language.value_or(""),
                       .metadata = read(stored.metadata),
                       .store_headers = read(stored.store_headers)},
        .write = {.if_absent = stored.if_absent.value_or(false), .if_match = stored.if_match.value_or("")}};
    if (stored.checksum)
        made.sum = kind_named(*stored.checksum);
    for (auto& each : stored.parts) {
        auto one = read(std::move(each), made.sum);
        made.parts.insert_or_assign(one.number, std::move(one));
    }
    return made;
}

} // namespace

std::string to_token(const upload_record& record) {
    const auto text = json::to_text(stored(record));
    return std::string(token_version) + encoding::base64url_encode(text) + '.' + checksum_of(text).hex();
}

upload_record from_token(std::string_view token) {
    if (!token.starts_with(token_version))
        refuse_token(token.starts_with("up") ? "it is of another version of this library" : "it is something else");
    token.remove_prefix(token_version.size());
    const auto dot = token.find('.');
    const auto text = encoding::base64url_decode(token.substr(0, dot));
    if (dot == token.npos || !text || checksum_of(*text).hex() != token.substr(dot + 1))
        refuse_token("it was cut off or changed");
    auto stored = json::parse<stored_upload>(*text, {.max_bytes = longest_token});
    if (!stored)
        refuse_token(to_string(stored.error()));
    return read(std::move(*stored));
}

} // namespace infra::storage
