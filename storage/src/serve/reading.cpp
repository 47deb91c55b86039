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

// Whatever the object says of itself: whoever put it may not be whoever is asked for it.
std::string disposition_of(const object_info& info, std::string_view type, const std::string& said) {
    if (!said.empty())
        return said;
    const bool saved = sigv4::same_name(std::string_view(info.content_disposition).substr(0, 10), "attachment");
    return is_active(type) && !saved ? "attachment" : info.content_disposition;
}

void describe(const object_info& info, const sigv4::fields& query, http::headers& to) {
    const auto type = first_of(value_of(query, "response-content-type"),
                               info.content_type.empty() ? "application/octet-stream" : info.content_type);
    set(to, "Content-Type", type);
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
    describe(info, query, made.headers);
    return made;
}

bool is_active(std::string_view content_type) {
    auto type = sigv4::lower(content_type.substr(0, content_type.find_first_of(";, \t")));
    constexpr std::array<std::string_view, 6> others{"text/html", "text/xml",         "application/xml",
                                                     "text/css",  "application/wasm", "application/x-shockwave-flash"};
    return type.ends_with("+xml") || type.find("script") != type.npos ||
           std::find(others.begin(), others.end(), type) != others.end();
}

} // namespace infra::storage::serve
