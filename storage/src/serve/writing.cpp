#include "writing.hpp"

#include "../metadata_field.hpp"
#include "../sigv4/names.hpp"
#include "../sigv4/post_policy.hpp"
#include "body_check.hpp"
#include "refusal.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/key.hpp>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace infra::storage::serve {
namespace {

constexpr std::string_view metadata_prefix = "x-amz-meta-";

std::string value_in(const http::headers& fields, std::string_view name) {
    return std::string(fields.get(name).value_or(""));
}

std::string without_quotes(std::string_view etag) {
    if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"'))
        etag = etag.substr(1, etag.size() - 2);
    return std::string(etag);
}

[[noreturn]] void unknown_condition() {
    throw refused(501, "NotImplemented", "A header you provided implies functionality that is not implemented");
}

void read_conditions_of(const http::headers& fields, put_options& into) {
    if (const auto none = fields.get("If-None-Match")) {
        if (*none != "*")
            unknown_condition();
        into.if_absent = true;
    }
    if (const auto match = fields.get("If-Match")) {
        if (into.if_absent || *match == "*" || match->find(',') != match->npos)
            unknown_condition();
        into.if_match = without_quotes(*match);
    }
}

std::string encoded_etag(const object_info& info) { return encoding::percent_encode("\"" + info.etag + "\""); }

bool can_be_followed(std::string_view url) {
    return (url.starts_with("http://") || url.starts_with("https://")) &&
           std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

http::response redirect(const std::string& to, const object_info& info, std::string_view bucket) {
    const auto separator = to.find('?') == to.npos ? "?" : "&";
    return http::response::redirect(to + separator + "bucket=" + encoding::percent_encode(bucket) +
                                    "&key=" + encoding::percent_encode(info.key) + "&etag=" + encoded_etag(info));
}

std::string post_response(const object_info& info, std::string_view bucket, const std::string& location) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>" + escape_xml(location) +
           "</Location><Bucket>" + escape_xml(bucket) + "</Bucket><Key>" + escape_xml(info.key) + "</Key><ETag>" +
           escape_xml("\"" + info.etag + "\"") + "</ETag></PostResponse>";
}

} // namespace

put_options options_by(const http::headers& fields) {
    put_options made{.content_type = value_in(fields, "Content-Type"),
                     .cache_control = value_in(fields, "Cache-Control"),
                     .content_disposition = value_in(fields, "Content-Disposition"),
                     .content_encoding = value_in(fields, "Content-Encoding"),
                     .content_language = value_in(fields, "Content-Language")};
    if (made.content_type.empty()) // as S3 has it; the store would guess
        made.content_type = "binary/octet-stream";
    if (sigv4::lower(made.content_encoding).find("aws-chunked") != std::string::npos)
        unknown_condition();
    for (const auto [name, value] : fields)
        if (sigv4::same_name(name.substr(0, metadata_prefix.size()), metadata_prefix))
            made.metadata[sigv4::lower(name.substr(metadata_prefix.size()))] = metadata_value(value);
        else if (sigv4::same_name(name.substr(0, checksum_prefix.size()), checksum_prefix)) // that one is kept, too
            made.checksum = checksum_kind_from(sigv4::lower(name.substr(checksum_prefix.size())));
    read_conditions_of(fields, made);
    return made;
}

http::headers headers_of(const sigv4::fields& form) try {
    http::headers made;
    for (const auto& [name, value] : form)
        made.append(name, value);
    return made;
} catch (const std::invalid_argument&) {
    throw refused(400, "InvalidArgument", "A field of the form is not what can be in a header.");
}

std::string key_of(const sigv4::fields& form, const form_item& file) {
    std::string key(sigv4::field_of(form, "key").value_or(""));
    constexpr auto variable = sigv4::file_name_variable;
    auto at = key.find(variable);
    while (at != key.npos && key.size() <= max_key_size) { // thousands of long names would take 90 MB
        key.replace(at, variable.size(), file.file_name);
        at = key.find(variable, at + file.file_name.size());
    }
    if (!is_key(key))
        throw refused(400, "InvalidArgument", "The form has no key, or one that no object can have.");
    return key;
}

std::optional<part_place> part_of(const signed_target& target) {
    part_place made{.upload = value_of(target.query, "uploadId")};
    const auto number = value_of(target.query, "partNumber");
    if (made.upload.empty() && number.empty())
        return std::nullopt;
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), made.number);
    if (made.upload.empty() || failed != std::errc{} || end != number.data() + number.size() || made.number < 1 ||
        made.number > 10'000)
        throw refused(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
    return made;
}

http::response answer_put(const object_info& info) {
    http::response made(200);
    made.headers.set("ETag", "\"" + info.etag + "\"");
    if (info.checksum)
        made.headers.set("x-amz-checksum-" + std::string(to_string(info.checksum->kind())), info.checksum->base64());
    return made;
}

http::response answer_form(const object_info& info, const sigv4::fields& form, std::string_view bucket,
                           const std::string& location) {
    const std::string to(sigv4::field_of(form, "success_action_redirect").value_or(""));
    const auto status = sigv4::field_of(form, "success_action_status").value_or("");
    auto made = can_be_followed(to) ? redirect(to, info, bucket)
                : status == "201"   ? http::response::of(201, "application/xml", post_response(info, bucket, location))
                                    : http::response(status == "200" ? 200 : 204);
    made.headers.set("ETag", "\"" + info.etag + "\"");
    if (made.status != 303)
        made.headers.set("Location", location);
    return made;
}

} // namespace infra::storage::serve
