#include "answer.hpp"

#include "../attributes.hpp"
#include "../sigv4/names.hpp"
#include "text.hpp"
#include "xml.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/http_date.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace infra::storage::s3 {
namespace {

[[noreturn]] void refuse_answer(const char* why) {
    throw storage_error(infra::errc::unavailable,
                        std::string("what answers is not S3: ") + why + "; check S3_ENDPOINT, and proxies before it",
                        {.name = "unavailable", .status = 200, .retryable = true, .uncertain = true});
}

xml read_xml(const std::string& body, std::string_view root) {
    xml document(body);
    if (!document.is(root))
        refuse_answer(document ? "its XML is of another kind" : "its body is no XML");
    return document;
}

std::string field(const http::headers& of, std::string_view name) { return std::string(of.get(name).value_or("")); }

// Where there are several, the strongest counts.
constexpr checksum_kind kinds[] = {checksum_kind::sha256, checksum_kind::crc64nvme, checksum_kind::crc32c};

bool is_composite(std::string_view type) noexcept { return mentions(type, "COMPOSITE"); }

/// The first that `read` gives of what the store says of each kind.
template <class T, class Text>
std::optional<T> first_sum(Text said, std::optional<T> (*read)(checksum_kind, std::string_view)) {
    for (const auto kind : kinds)
        if (auto made = read(kind, said(kind)))
            return made;
    return std::nullopt;
}

std::string said_in(const http::headers& fields, checksum_kind kind) {
    return field(fields, std::string("x-amz-checksum-").append(to_string(kind)));
}

std::optional<checksum> kept_sum_in(const http::headers& fields) {
    return first_sum([&](checksum_kind kind) { return field(fields, "x-amz-meta-" + kept_sum(kind)); },
                     &checksum::from_base64);
}

std::uint64_t part_size_in(const http::headers& fields) {
    return parse_number(field(fields, std::string("x-amz-meta-").append(kept_part_size))).value_or(0);
}

// What this bucket has put beside that of users.
bool is_kept(std::string_view name) {
    return name == kept_part_size || std::ranges::any_of(kinds, [&](auto kind) { return name == kept_sum(kind); });
}

// A store may give a part's checksum along with a range that is exactly the part.
bool is_whole(const answer& a) {
    if (a.status != 206)
        return true;
    const auto range = parse_content_range(a.headers.get("content-range").value_or(""));
    return range && range->size && range->first == 0 && range->last + 1 == *range->size;
}

std::uint64_t size_in(const answer& a) {
    if (const auto range = parse_content_range(a.headers.get("content-range").value_or("")); range && range->size)
        return *range->size;
    const auto length = parse_number(a.headers.get("content-length").value_or(""));
    if (!length || a.status == 206) // which is the part's
        refuse_answer("it does not tell how long the object is");
    return *length;
}

metadata_map metadata_of(const http::headers& fields) {
    metadata_map all;
    constexpr std::string_view prefix = "x-amz-meta-";
    for (const auto [name, value] : fields)
        if (auto small = sigv4::lower(name);
            small.starts_with(prefix) && !is_kept(std::string_view(small).substr(prefix.size())))
            all.emplace(small.substr(prefix.size()), metadata_value(value));
    return all;
}

wall_time modified_of(const http::headers& fields) {
    for (const auto* const name : {"last-modified", "date"})
        if (const auto date = parse_http_date(fields.get(name).value_or("")))
            return *date;
    return {};
}

// --- Lists ------------------------------------------------------------------------------------------------------

/// Names in a list, which come percent-encoded as in a form where the list says so.
class names {
public:
    explicit names(const pugi::xml_node& list) : encoded_(text_in(list, "EncodingType") == "url") {}

    std::string operator()(std::string text) const {
        if (encoded_)
            if (auto decoded = encoding::form_decode(text))
                return std::move(*decoded);
        return text;
    }

private:
    bool encoded_;
};

object_info listed(const pugi::xml_node& entry, const names& decoded) {
    return {.key = decoded(text_in(entry, "Key")),
            .size = parse_number(text_in(entry, "Size")).value_or(0),
            .etag = without_quotes(text_in(entry, "ETag")),
            .modified = parse_time(text_in(entry, "LastModified")).value_or(wall_time{})};
}

// A marker is the last name of the page, where V1 does not say it.
std::string next_of(const pugi::xml_node& list, const list_page& page, const names& decoded) {
    if (text_in(list, "IsTruncated") != "true")
        return {};
    if (const auto token = text_in(list, "NextContinuationToken"); !token.empty())
        return "c" + token;
    auto marker = decoded(text_in(list, "NextMarker"));
    if (marker.empty() && !page.objects.empty())
        marker = page.objects.back().key;
    if (!page.prefixes.empty() && page.prefixes.back() > marker)
        marker = page.prefixes.back();
    return marker.empty() ? std::string() : "m" + marker;
}

std::optional<checksum> sum_in_entry(const pugi::xml_node& of) {
    if (is_composite(text_in(of, "ChecksumType")))
        return std::nullopt;
    return first_sum([&](checksum_kind kind) { return text_in(of, element_of(kind)); }, &checksum::from_base64);
}

std::optional<composite_checksum> composite_in(const pugi::xml_node& of) {
    return first_sum([&](checksum_kind kind) { return text_in(of, element_of(kind)); },
                     &composite_checksum::from_base64);
}

part listed_part(const pugi::xml_node& entry) {
    return {.number = static_cast<int>(parse_number(text_in(entry, "PartNumber")).value_or(0)),
            .etag = without_quotes(text_in(entry, "ETag")),
            .size = parse_number(text_in(entry, "Size")).value_or(0),
            .checksum = sum_in_entry(entry)};
}

} // namespace

// --- Header fields ----------------------------------------------------------------------------------------------

std::optional<checksum> sum_in(const http::headers& fields) {
    if (is_composite(fields.get("x-amz-checksum-type").value_or("")))
        return std::nullopt;
    return first_sum([&](checksum_kind kind) { return said_in(fields, kind); }, &checksum::from_base64);
}

namespace {

std::optional<composite_checksum> composite_in(const http::headers& fields) {
    return first_sum([&](checksum_kind kind) { return said_in(fields, kind); }, &composite_checksum::from_base64);
}

} // namespace

object_info info_of(std::string key, const answer& a) {
    auto sum = is_whole(a) ? sum_in(a.headers) : std::nullopt;
    if (!sum)
        sum = kept_sum_in(a.headers);
    const auto composite = sum ? std::nullopt : composite_in(a.headers);
    return {.key = std::move(key),
            .size = size_in(a),
            .etag = without_quotes(field(a.headers, "etag")),
            .modified = modified_of(a.headers),
            .content_type = field(a.headers, "content-type"),
            .cache_control = field(a.headers, "cache-control"),
            .content_disposition = field(a.headers, "content-disposition"),
            .content_encoding = field(a.headers, "content-encoding"),
            .content_language = field(a.headers, "content-language"),
            .metadata = metadata_of(a.headers),
            .checksum = sum,
            .composite = composite,
            .part_size = composite ? part_size_in(a.headers) : 0};
}

object_info info_of(const put_request& what, std::uint64_t size, const answer& a) {
    object_info info{.key = what.key,
                     .size = size,
                     .etag = without_quotes(field(a.headers, "etag")),
                     .modified = modified_of(a.headers),
                     .checksum = what.checksum};
    set_attributes(info, what.attributes);
    return info;
}

namespace {

// Up to the object's end, where that comes first.
bool is_what_was_asked(const byte_range& wanted, const content_range& given) noexcept {
    const auto length = given.last - given.first + 1;
    const auto most = wanted.last ? wanted.last : wanted.length;
    const bool at_the_end = !given.size || given.last + 1 == *given.size;
    if (wanted.last && given.size)
        return at_the_end && length == std::min(*wanted.last, *given.size);
    if (!wanted.last && given.first != wanted.offset)
        return false;
    return most ? length == *most || (at_the_end && length < *most) : at_the_end;
}

} // namespace

span_of_bytes bytes_of(const get_request& what, const answer& a) {
    const bool asked = what.range && !range_field(*what.range).empty();
    const auto length = parse_number(a.headers.get("content-length").value_or(""));
    if (!asked && a.status == 200 && length)
        return {0, *length};
    if (!asked && a.status == 200)
        refuse_answer("it gives an object without its length");
    if (asked && a.status == 200)
        throw storage_error(errc::unsupported,
                            "get " + what.key + ": the store takes no notice of ranges; read the whole object",
                            {.name = "unsupported", .status = 200});
    const auto range = parse_content_range(a.headers.get("content-range").value_or(""));
    if (!asked)
        refuse_answer("the whole was asked for, and a part was given");
    if (!range || !is_what_was_asked(*what.range, *range))
        refuse_answer("a part was asked for, and its Content-Range is missing or of another");
    return {range->first, range->last - range->first + 1};
}

// --- Bodies -----------------------------------------------------------------------------------------------------

list_page page_of(const std::string& body) {
    const auto document = read_xml(body, "ListBucketResult");
    const auto list = document.root();
    const names decoded(list);
    list_page page;
    each(list, "Contents", [&](const pugi::xml_node& entry) { page.objects.push_back(listed(entry, decoded)); });
    each(list, "CommonPrefixes",
         [&](const pugi::xml_node& entry) { page.prefixes.push_back(decoded(text_in(entry, "Prefix"))); });
    page.token = next_of(list, page, decoded);
    return page;
}

bool is_answer_of_v1(const std::string& body) {
    const auto document = read_xml(body, "ListBucketResult");
    return child(document.root(), "Marker") && !child(document.root(), "KeyCount");
}

std::string upload_id_in(const std::string& body) {
    auto id = text_in(read_xml(body, "InitiateMultipartUploadResult").root(), "UploadId");
    if (id.empty())
        refuse_answer("an upload was begun, and has no id");
    return id;
}

uploads_page uploads_of(const std::string& body) {
    const auto document = read_xml(body, "ListMultipartUploadsResult");
    const auto list = document.root();
    const names decoded(list);
    uploads_page page;
    each(list, "Upload", [&](const pugi::xml_node& entry) {
        page.uploads.push_back({.upload = {decoded(text_in(entry, "Key")), text_in(entry, "UploadId")},
                                .begun = parse_time(text_in(entry, "Initiated")).value_or(wall_time{})});
    });
    if (text_in(list, "IsTruncated") == "true")
        page.token = uploads_token(decoded(text_in(list, "NextKeyMarker")), text_in(list, "NextUploadIdMarker"));
    return page;
}

parts_page parts_of(const std::string& body) {
    const auto document = read_xml(body, "ListPartsResult");
    const auto list = document.root();
    parts_page page{.keeps_sums = !text_in(list, "ChecksumAlgorithm").empty(),
                    .sums_whole = text_in(list, "ChecksumType") == "FULL_OBJECT"};
    each(list, "Part", [&](const pugi::xml_node& entry) { page.parts.push_back(listed_part(entry)); });
    if (text_in(list, "IsTruncated") == "true")
        page.marker = text_in(list, "NextPartNumberMarker");
    return page;
}

made made_of(const std::string& body) {
    const xml document(body);
    if (!document.is("CopyObjectResult") && !document.is("CopyPartResult") &&
        !document.is("CompleteMultipartUploadResult"))
        refuse_answer(document ? "its XML is of another kind" : "its body is no XML");
    const auto result = document.root();
    return {.etag = without_quotes(text_in(result, "ETag")),
            .modified = parse_time(text_in(result, "LastModified")).value_or(wall_time{}),
            .sum = sum_in_entry(result),
            .composite = composite_in(result)};
}

std::vector<not_removed> not_removed_of(const std::string& body) {
    const auto document = read_xml(body, "DeleteResult");
    std::vector<not_removed> all;
    each(document.root(), "Error", [&](const pugi::xml_node& entry) {
        all.push_back({text_in(entry, "Key"), text_in(entry, "Code"), text_in(entry, "Message")});
    });
    return all;
}

} // namespace infra::storage::s3
