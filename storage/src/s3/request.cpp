#include "request.hpp"

#include "text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/http_date.hpp>

#include <utility>

namespace infra::storage::s3 {
namespace {

void add(fields& to, std::string_view name, std::string value) {
    if (!value.empty())
        to.emplace_back(name, std::move(value));
}

void add_attributes(fields& to, const object_attributes& a) {
    add(to, "content-type", a.content_type);
    add(to, "cache-control", a.cache_control);
    add(to, "content-disposition", a.content_disposition);
    add(to, "content-encoding", a.content_encoding);
    add(to, "content-language", a.content_language);
    for (const auto& [name, value] : a.metadata)
        to.emplace_back("x-amz-meta-" + name, metadata_field(value));
    for (const auto& [name, value] : a.store_headers)
        to.emplace_back(name, value);
}

void add_conditions(fields& to, const write_conditions& w) {
    add(to, "if-none-match", w.if_absent ? "*" : "");
    if (!w.if_match.empty())
        add(to, "if-match", with_quotes(w.if_match));
}

void add_conditions(fields& to, const read_conditions& r) {
    if (!r.if_match.empty())
        add(to, "if-match", with_quotes(r.if_match));
    if (!r.if_none_match.empty())
        add(to, "if-none-match", with_quotes(r.if_none_match));
    if (r.if_modified_since)
        add(to, "if-modified-since", format_http_date(*r.if_modified_since));
    if (r.if_unmodified_since)
        add(to, "if-unmodified-since", format_http_date(*r.if_unmodified_since));
}

// What a checksum of all parts says: of the whole, or of theirs.
std::string_view type_of(checksum_kind kind) noexcept { return combines(kind) ? "FULL_OBJECT" : "COMPOSITE"; }

std::string header_of(checksum_kind kind) { return std::string("x-amz-checksum-").append(to_string(kind)); }

void add_integrity(fields& to, const integrity& told) {
    if (told.header)
        add(to, header_of(told.header->kind()), told.header->base64());
    if (told.metadata)
        add(to, "x-amz-meta-" + kept_sum(told.metadata->kind()), told.metadata->base64());
    add(to, "content-md5", told.md5);
}

std::string source_of(const std::string& bucket, const std::string& key) {
    return "/" + bucket + "/" + encoding::percent_encode(key, encoding::path);
}

std::string escaped(std::string_view text) {
    std::string made;
    for (const char c : text) {
        if (c == '&')
            made += "&amp;";
        else if (c == '<')
            made += "&lt;";
        else if (c == '>')
            made += "&gt;";
        else
            made += c;
    }
    return made;
}

std::string element(std::string_view name, std::string_view text) {
    return std::string("<").append(name).append(">").append(escaped(text)).append("</").append(name).append(">");
}

constexpr std::string_view xml_namespace = R"( xmlns="http://s3.amazonaws.com/doc/2006-03-01/")";

std::string document(std::string_view root, std::string_view inside) {
    return std::string("<")
        .append(root)
        .append(xml_namespace)
        .append(">")
        .append(inside)
        .append("</")
        .append(root)
        .append(">");
}

} // namespace

std::string_view element_of(checksum_kind kind) noexcept {
    switch (kind) {
    case checksum_kind::crc32c: return "ChecksumCRC32C";
    case checksum_kind::crc64nvme: return "ChecksumCRC64NVME";
    case checksum_kind::sha256: return "ChecksumSHA256";
    }
    return "";
}

std::string kept_sum(checksum_kind kind) { return std::string("infra-").append(to_string(kind)); }

namespace {

std::string_view algorithm_of(checksum_kind kind) noexcept {
    return element_of(kind).substr(std::string_view("Checksum").size());
}

std::string part_element(const part& p, bool with_sum) {
    auto inside = element("PartNumber", std::to_string(p.number)) + element("ETag", with_quotes(p.etag));
    if (with_sum && p.checksum)
        inside += element(element_of(p.checksum->kind()), p.checksum->base64());
    return "<Part>" + inside + "</Part>";
}

fields upload_query(const upload_id& upload) { return {{"uploadId", upload.id}}; }

fields part_query(const upload_id& upload, int number) {
    return {{"partNumber", std::to_string(number)}, {"uploadId", upload.id}};
}

// The token's first letter says whose word for the place it is: V2's continuation token or V1's marker.
void add_place(fields& query, const list_options& what, list_version version) {
    if (what.token.starts_with('m'))
        query.emplace_back(version == list_version::v1 ? "marker" : "start-after", what.token.substr(1));
    else if (!what.token.empty())
        query.emplace_back("continuation-token", what.token.substr(1));
    else if (!what.start_after.empty())
        query.emplace_back(version == list_version::v1 ? "marker" : "start-after", what.start_after);
}

} // namespace

request put_object(const put_request& what, shared_bytes body, const integrity& told) {
    request r{.method = http::method::put, .key = what.key, .body = std::move(body)};
    add_attributes(r.headers, what.attributes);
    add_conditions(r.headers, what.write);
    add_integrity(r.headers, told);
    return r;
}

request get_object(const get_request& what) {
    auto r = head_object(what.key, what.read);
    r.method = http::method::get;
    if (what.range)
        add(r.headers, "range", range_field(*what.range));
    return r;
}

request head_object(const std::string& key, const read_conditions& read) {
    request r{.method = http::method::head, .key = key};
    add_conditions(r.headers, read);
    add(r.headers, "x-amz-checksum-mode", "ENABLED");
    return r;
}

request delete_object(const std::string& key, const std::string& if_match) {
    request r{.method = http::method::delete_, .key = key};
    add_conditions(r.headers, write_conditions{.if_match = if_match});
    return r;
}

request delete_objects(const std::vector<std::string>& keys) {
    std::string inside = element("Quiet", "true");
    for (const auto& key : keys)
        inside += "<Object>" + element("Key", key) + "</Object>";
    return {.method = http::method::post,
            .query = {{"delete", ""}},
            .headers = {{"content-type", "application/xml"}},
            .body = document("Delete", inside)};
}

request copy_object(const copy_request& what, const std::string& bucket) {
    request r{.method = http::method::put, .key = what.to};
    add(r.headers, "x-amz-copy-source", source_of(bucket, what.from));
    if (!what.source_if_match.empty())
        add(r.headers, "x-amz-copy-source-if-match", with_quotes(what.source_if_match));
    add(r.headers, "x-amz-metadata-directive", what.attributes ? "REPLACE" : "COPY");
    if (what.attributes)
        add_attributes(r.headers, *what.attributes);
    add_conditions(r.headers, what.write);
    return r;
}

request list_objects(const list_options& what, list_version version) {
    request r;
    if (version == list_version::v2)
        r.query.emplace_back("list-type", "2");
    r.query.emplace_back("encoding-type", "url");
    r.query.emplace_back("max-keys", std::to_string(what.limit));
    add(r.query, "prefix", what.prefix);
    add(r.query, "delimiter", what.delimiter);
    add_place(r.query, what, version);
    return r;
}

request create_upload(const put_request& what, std::optional<checksum_kind> announced, const integrity& told) {
    request r{.method = http::method::post, .key = what.key, .query = {{"uploads", ""}}};
    add_attributes(r.headers, what.attributes);
    if (announced) {
        add(r.headers, "x-amz-checksum-algorithm", std::string(algorithm_of(*announced)));
        add(r.headers, "x-amz-checksum-type", std::string(type_of(*announced)));
    }
    if (announced && what.part_size > 0)
        add(r.headers, std::string("x-amz-meta-").append(kept_part_size), std::to_string(what.part_size));
    add_integrity(r.headers, {.metadata = told.metadata});
    return r;
}

request upload_part(const upload_id& upload, int number, shared_bytes bytes, const integrity& told) {
    request r{
        .method = http::method::put, .key = upload.key, .query = part_query(upload, number), .body = std::move(bytes)};
    add_integrity(r.headers, {.header = told.header, .md5 = told.md5});
    return r;
}

request upload_part_copy(const upload_id& upload, int number, const part_source& from, const std::string& bucket) {
    request r{.method = http::method::put, .key = upload.key, .query = part_query(upload, number)};
    add(r.headers, "x-amz-copy-source", source_of(bucket, from.from));
    if (!from.if_match.empty())
        add(r.headers, "x-amz-copy-source-if-match", with_quotes(from.if_match));
    add(r.headers, "x-amz-copy-source-range",
        "bytes=" + std::to_string(from.offset) + "-" + std::to_string(from.offset + from.length - 1));
    return r;
}

request list_parts(const upload_id& upload, const std::string& marker) {
    request r{.key = upload.key, .query = upload_query(upload)};
    add(r.query, "part-number-marker", marker);
    return r;
}

request complete_upload(const upload_id& upload, const std::vector<part>& parts, const write_conditions& write,
                        bool with_part_sums, const integrity& told) {
    std::string inside;
    for (const auto& each : parts)
        inside += part_element(each, with_part_sums);
    request r{.method = http::method::post,
              .key = upload.key,
              .query = upload_query(upload),
              .headers = {{"content-type", "application/xml"}},
              .body = document("CompleteMultipartUpload", inside)};
    add_conditions(r.headers, write);
    if (told.header) {
        add_integrity(r.headers, {.header = told.header});
        add(r.headers, "x-amz-checksum-type", "FULL_OBJECT");
    }
    return r;
}

request abort_upload(const upload_id& upload) {
    return {.method = http::method::delete_, .key = upload.key, .query = upload_query(upload)};
}

request list_uploads(const std::string& prefix, const std::string& token) {
    request r{.query = {{"uploads", ""}, {"encoding-type", "url"}, {"max-uploads", "1000"}}};
    add(r.query, "prefix", prefix);
    const auto cut = token.find('&');
    if (cut == std::string::npos)
        return r;
    add(r.query, "key-marker", encoding::percent_decode(std::string_view(token).substr(0, cut)).value_or(""));
    add(r.query, "upload-id-marker", encoding::percent_decode(std::string_view(token).substr(cut + 1)).value_or(""));
    return r;
}

std::string uploads_token(const std::string& key_marker, const std::string& id_marker) {
    if (key_marker.empty())
        return {};
    return encoding::percent_encode(key_marker) + "&" + encoding::percent_encode(id_marker);
}

} // namespace infra::storage::s3
