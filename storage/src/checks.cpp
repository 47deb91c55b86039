#include "checks.hpp"

#include "sigv4/names.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/key.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::string_view own_names = "infra-";
constexpr std::size_t max_metadata = 1950; // and the rest of 2 KiB for what is added: a mark, a checksum

[[noreturn]] void refuse_input(std::string sentence) {
    throw storage_error(infra::errc::invalid_input, std::move(sentence));
}

void require_input(bool holds, const char* sentence) {
    if (!holds)
        refuse_input(sentence);
}

bool is_field_value(std::string_view value) noexcept {
    return std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7F; });
}

// What is not ASCII goes percent-encoded.
std::size_t size_when_sent(std::string_view value) noexcept {
    const auto wide =
        std::ranges::count_if(value, [](char c) { return static_cast<unsigned char>(c) >= 0x80 || c == '%'; });
    return value.size() + 2 * static_cast<std::size_t>(wide);
}

metadata_map in_lower_case(const metadata_map& from, std::string_view what) {
    metadata_map all;
    for (const auto& [name, value] : from) {
        if (!is_token(name))
            refuse_input(std::string(what) +
                         ": a name must be a token (RFC 9110): letters, digits and !#$%&'*+-.^_`|~");
        if (!all.emplace(sigv4::lower(name), value).second)
            refuse_input(std::string(what) + ": " + sigv4::lower(name) + " is there twice, in two spellings");
    }
    return all;
}

metadata_map checked_metadata(const metadata_map& from) {
    auto all = in_lower_case(from, "metadata");
    std::size_t size = 0;
    for (const auto& [name, value] : all) {
        if (name.starts_with(own_names))
            refuse_input("metadata: " + name +
                         " begins with infra-, as what the storage itself keeps there; choose another name");
        if (!is_text(value))
            refuse_input("metadata: the value of " + name + " must be UTF-8 without control characters");
        size += name.size() + size_when_sent(value);
    }
    if (size > max_metadata)
        refuse_input("metadata: names and values have " + std::to_string(size) +
                     " bytes as they are sent, more than the 1950 that there is room for");
    return all;
}

constexpr std::array<std::string_view, 10> not_for_callers = {"x-amz-meta-",
                                                              "x-amz-checksum-",
                                                              "x-amz-sdk-checksum-",
                                                              "x-amz-content-sha256",
                                                              "x-amz-date",
                                                              "x-amz-security-token",
                                                              "x-amz-copy-source",
                                                              "x-amz-metadata-directive",
                                                              "x-amz-decoded-content-length",
                                                              "x-amz-trailer"};

metadata_map checked_store_headers(const metadata_map& from, const bucket_traits& can) {
    if (!from.empty() && !can.remote)
        throw storage_error(errc::unsupported, "store_headers: this store has no such thing; leave them out");
    auto all = in_lower_case(from, "store_headers");
    for (const auto& [name, value] : all) {
        if (!name.starts_with("x-amz-"))
            refuse_input("store_headers: " + name +
                         " is not x-amz-…; what stores keep with an object has a field of its own");
        if (std::ranges::any_of(not_for_callers, [&](std::string_view each) { return name.starts_with(each); }))
            refuse_input("store_headers: " + name + " is set by the storage itself");
        if (!is_field_value(value))
            refuse_input("store_headers: the value of " + name + " must be printable ASCII");
    }
    return all;
}

bool is_etag(std::string_view text) noexcept {
    return is_field_value(text) && text.find('"') == std::string_view::npos;
}

void check_etag(const std::string& etag, const char* field) {
    if (!is_etag(etag))
        refuse_input(std::string(field) + " must be an ETag as object_info has it, without quotes");
}

void check_field(const std::string& value, const char* field) {
    if (!is_field_value(value))
        refuse_input(std::string(field) +
                     " must be printable ASCII; names in other letters go as filename*=UTF-8''…, percent-encoded");
}

} // namespace

bool is_token(std::string_view name) noexcept {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool is_text(std::string_view value) noexcept {
    return encoding::is_utf8(value) &&
           std::ranges::none_of(value, [](char c) { return (static_cast<unsigned char>(c) < 0x20) || c == 0x7F; });
}

object_attributes checked(object_attributes a, const bucket_traits& can) {
    check_field(a.content_type, "content_type");
    check_field(a.cache_control, "cache_control");
    check_field(a.content_disposition, "content_disposition");
    check_field(a.content_encoding, "content_encoding");
    check_field(a.content_language, "content_language");
    a.metadata = checked_metadata(a.metadata);
    a.store_headers = checked_store_headers(a.store_headers, can);
    return a;
}

write_conditions checked(write_conditions w, const bucket_traits& can) {
    require_input(!w.if_absent || w.if_match.empty(), "if_absent and if_match: at most one may be set");
    check_etag(w.if_match, "if_match");
    if (!can.conditional_writes && (w.if_absent || !w.if_match.empty()))
        throw storage_error(errc::unsupported,
                            "if_absent, if_match: this store has no conditional writes; let one writer have each "
                            "key, or names that are never used twice");
    return w;
}

read_conditions checked(read_conditions r) {
    check_etag(r.if_match, "if_match");
    check_etag(r.if_none_match, "if_none_match");
    return r;
}

void check_range(const std::optional<byte_range>& range) {
    if (!range)
        return;
    require_input(!range->last || (range->offset == 0 && !range->length),
                  "range.last: not together with offset and length");
    require_input(!range->last || *range->last > 0, "range.last must be at least 1");
    require_input(!range->length || *range->length > 0, "range.length must be at least 1");
}

void check_how(const put_options& o) {
    require_input(o.part_size == 0 || (o.part_size >= 5ull << 20 && o.part_size <= 5ull << 30),
                  "part_size must be from 5 MiB to 5 GiB, or 0");
    require_input(o.concurrency <= 1000, "concurrency must be from 1 to 1000, or 0");
}

void check_page(const list_options& o) {
    require_input(o.limit >= 1 && o.limit <= 1000, "limit must be from 1 to 1000");
    require_input(is_text(o.delimiter) && o.delimiter.size() <= max_key_size,
                  "delimiter must be UTF-8 without control characters");
    require_input(is_text(o.start_after) && o.start_after.size() <= max_key_size,
                  "start_after must be UTF-8 without control characters");
}

void check_expiry(std::chrono::seconds expires) {
    require_input(expires >= std::chrono::seconds(1) && expires <= max_signed_for,
                  "expires must be from a second to seven days");
}

void check_signed(const signed_url_options& o) {
    using enum http::method;
    const bool reads = o.method == get || o.method == head;
    require_input(reads || o.method == put || o.method == delete_, "method must be get, put, head or delete");
    require_input(o.method == put || (o.content_type.empty() && !o.content_length && !o.checksum && !o.if_absent),
                  "content_type, content_length, checksum and if_absent are for a put");
    require_input(reads || (o.response_content_type.empty() && o.response_content_disposition.empty() &&
                            o.response_cache_control.empty()),
                  "response_… is for a get");
    check_field(o.content_type, "content_type");
    check_field(o.response_content_type, "response_content_type");
    check_field(o.response_content_disposition, "response_content_disposition");
    check_field(o.response_cache_control, "response_cache_control");
}

void check_policy(const post_policy& p, const bucket_traits& can) {
    if (!can.signs_forms)
        throw storage_error(errc::unsupported,
                            "this store takes no forms; let the browser put to a signed_url() with method put");
    require_input(p.key.empty() || p.key_prefix.empty(), "key and key_prefix: at most one may be set");
    require_input(p.min_size <= p.max_size, "min_size must not be more than max_size");
    require_input(p.content_type.empty() || p.content_type_prefix.empty(),
                  "content_type and content_type_prefix: at most one may be set");
    check_field(p.content_type, "content_type");
    check_field(p.content_type_prefix, "content_type_prefix");
    for (const auto& [name, value] : p.fields)
        require_input(is_token(name) && is_text(value),
                      "fields must have tokens as names, and values without control characters");
}

object_attributes attributes_of(const put_options& o) {
    return {.content_type = o.content_type,
            .cache_control = o.cache_control,
            .content_disposition = o.content_disposition,
            .content_encoding = o.content_encoding,
            .content_language = o.content_language,
            .metadata = o.metadata,
            .store_headers = o.store_headers};
}

} // namespace infra::storage
