#include "reading.hpp"

#include "../metadata_field.hpp"
#include "../sigv4/names.hpp"
#include "target.hpp"

#include <infra/base/http_date.hpp>

#include <conditional.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace infra::storage::serve {
namespace {

void set(http::headers& in, std::string_view name, const std::string& value) {
    if (!value.empty())
        in.set(name, value);
}

const std::string& first_of(const std::string& a, const std::string& b) { return a.empty() ? b : a; }

// To the end of what may be a type; "attachment=x" begins with another than "attachment", and browsers show such.
std::string_view first_word(std::string_view value) noexcept {
    const auto word = value.substr(0, value.find(';'));
    return word.substr(0, word.find_last_not_of(" \t") + 1);
}

// Whatever the object says of itself: whoever put it may not be whoever is asked for it.
std::string disposition_of(const object_info& info, std::string_view type, const std::string& said) {
    if (!said.empty())
        return said;
    const bool saved = sigv4::same_name(first_word(info.content_disposition), "attachment");
    return is_active(type) && !saved ? "attachment" : info.content_disposition;
}

// Whatever is run all the same is of no origin, and may do nothing. Chromium shows no PDF so, which is of no origin by itself.
bool is_kept_apart(std::string_view type) { return !sigv4::same_name(type, "application/pdf"); }

void describe_object(const object_info& info, const sigv4::fields& query, http::headers& to) {
    const auto type = first_of(value_of(query, "response-content-type"),
                               info.content_type.empty() ? "application/octet-stream" : info.content_type);
    set(to, "Content-Type", type);
    if (is_kept_apart(type))
        to.set("Content-Security-Policy", "sandbox");
    set(to, "Content-Disposition", disposition_of(info, type, value_of(query, "response-content-disposition")));
    set(to, "Content-Encoding", first_of(value_of(query, "response-content-encoding"), info.content_encoding));
    set(to, "Content-Language", first_of(value_of(query, "response-content-language"), info.content_language));
    for (const auto& [name, value] : info.metadata)
        set(to, "x-amz-meta-" + name, metadata_field(value));
}

void validators(const object_info& info, const sigv4::fields& query, http::headers& to) {
    set(to, "ETag", "\"" + info.etag + "\"");
    set(to, "Last-Modified", format_http_date(info.modified));
    set(to, "Cache-Control", first_of(value_of(query, "response-cache-control"), info.cache_control));
    set(to, "Accept-Ranges", "bytes");
}

std::string content_range(std::uint64_t first, std::uint64_t length, std::uint64_t size) {
    return "bytes " + std::to_string(first) + "-" + std::to_string(first + length - 1) + "/" + std::to_string(size);
}

} // namespace

reading answer_reading(const object_info& info, const http::headers& request, const sigv4::fields& query) {
    const auto modified = std::chrono::floor<std::chrono::seconds>(info.modified).time_since_epoch().count();
    const auto asked = http::detail::decide(request, {"\"" + info.etag + "\"", modified, info.size});
    reading made;
    validators(info, query, made.headers);
    made.headers.set("X-Content-Type-Options", "nosniff");
    switch (asked.what) {
    case http::detail::selection::precondition_failed: made.status = 412; return made;
    case http::detail::selection::not_modified: made.status = 304; return made;
    case http::detail::selection::unsatisfiable:
        made.status = 416;
        made.headers.set("Content-Range", "bytes */" + std::to_string(info.size));
        return made;
    case http::detail::selection::part:
        made.status = 206;
        made.offset = asked.range.first;
        made.length = asked.range.size;
        made.headers.set("Content-Range", content_range(made.offset, made.length, info.size));
        break;
    case http::detail::selection::whole:
        made.length = info.size;
        if (info.checksum)
            made.headers.set("x-amz-checksum-" + std::string(to_string(info.checksum->kind())),
                             info.checksum->base64());
    }
    describe_object(info, query, made.headers);
    return made;
}

// Browsers take the last of several types, and some end a type where it cannot go on: "text/plain,text/html" and "text/html(" run.
bool is_active(std::string_view content_type) {
    const auto type = sigv4::lower(first_word(content_type));
    constexpr std::array<std::string_view, 7> others{"text/html",
                                                     "text/xml",
                                                     "text/xsl",
                                                     "application/xml",
                                                     "text/css",
                                                     "application/wasm",
                                                     "application/x-shockwave-flash"};
    return content_type.find(',') != content_type.npos || type.find_first_of(" \t(\"") != type.npos ||
           type.ends_with("+xml") || type.starts_with("multipart/") || type.find("script") != type.npos ||
           std::find(others.begin(), others.end(), type) != others.end();
}

} // namespace infra::storage::serve
