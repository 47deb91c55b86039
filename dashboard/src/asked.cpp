#include "asked.hpp"

#include <infra/base/encoding.hpp>

#include <charconv>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_in_a_page = 200;
constexpr std::size_t usual_page = 50;

bool is_plain(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
}

// For old readers without what is not plain; RFC 6266 lets them read the second form.
std::string disposition_of(std::string_view filename) {
    std::string plain;
    for (const char c : filename)
        plain += is_plain(c) ? c : '_';
    return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + encoding::percent_encode(filename);
}

} // namespace

std::size_t limit_of(const http::request& r) {
    const auto text = r.query("limit");
    if (!text)
        return usual_page;
    std::size_t limit = 0;
    const auto* end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, limit);
    if (read.ec != std::errc() || read.ptr != end || limit < 1 || limit > most_in_a_page)
        throw http::error_response(400, "bad_limit", "limit is from 1 to 200");
    return limit;
}

bool says(const http::request& r, std::string_view name) { return r.query(name) == "1"; }

http::response download_of(std::string_view filename, std::string bytes) {
    return download_of(filename, http::response::of(200, "application/octet-stream", std::move(bytes)));
}

http::response download_of(std::string_view filename, http::response made) {
    made.headers.set("content-disposition", disposition_of(filename));
    made.headers.set("x-content-type-options", "nosniff");
    made.headers.set("content-security-policy", "sandbox; default-src 'none'");
    return made;
}

} // namespace infra::dashboard
