#pragma once

// Responses as bytes.

#include <infra/base/time.hpp>
#include <infra/http_server/response.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace infra::http::detail {

/// How the other side finds the body's end (RFC 9112 section 6.3).
enum class framing { length, chunked, until_close };

struct head_facts {
    int version = 1; ///< of the request: HTTP/1.0 must be told to keep alive, 1.1 to close
    bool keep_alive = true;
    framing body = framing::length;
    std::uint64_t length = 0; ///< of the body
    std::string_view date{};
    std::string_view request_id{};
    std::string_view traceparent{};
};

/// True for the statuses that never have a body: 204 and 304.
constexpr bool is_bodiless(int status) noexcept { return status == 204 || status == 304; }

/// Appends status line and fields, blank line included.
void write_head(std::string& out, const response& r, const head_facts& facts);

/// Appends one chunk; nothing for an empty piece, which would end the body.
void write_chunk(std::string& out, std::string_view piece);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// The Date field, made anew once a second.
class date_cache {
public:
    std::string_view at(wall_time now);

private:
    std::int64_t second_ = -1;
    std::string text_;
};

} // namespace infra::http::detail
