#include "serialize.hpp"

#include "conditional.hpp"
#include "text.hpp"

#include <array>
#include <charconv>

namespace infra::http::detail {
namespace {

void append_number(std::string& out, std::uint64_t value, int base = 10) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
    out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

void append_status_line(std::string& out, int status) {
    if (status == 200) {
        out += "HTTP/1.1 200 OK\r\n";
        return;
    }
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::uint64_t>(status));
    out.append(" ").append(reason_phrase(status)).append("\r\n");
}

// Framing is the server's: a handler that contradicted it would desynchronise the connection. So are the ids, which a
// handler that passes another server's response on would otherwise say twice.
bool is_ours(std::string_view name) noexcept {
    switch (name.size()) {
    case 4: return equals_without_case(name, "date");
    case 10: return equals_without_case(name, "connection");
    case 11: return equals_without_case(name, "traceparent");
    case 12: return equals_without_case(name, "x-request-id");
    case 14: return equals_without_case(name, "content-length");
    case 17: return equals_without_case(name, "transfer-encoding");
    default: return false;
    }
}

void append_framing(std::string& out, const head_facts& facts) {
    if (facts.body == framing::chunked)
        out += "Transfer-Encoding: chunked\r\n";
    if (facts.body != framing::length)
        return;
    out += "Content-Length: ";
    append_number(out, facts.length);
    out += "\r\n";
}

// Upgrade must be named by Connection too (RFC 9110 section 7.8).
void append_connection(std::string& out, int status, const head_facts& facts) {
    if (!facts.keep_alive)
        out += status == 426 ? "Connection: upgrade, close\r\n" : "Connection: close\r\n";
    else if (status == 426)
        out += "Connection: upgrade\r\n";
    else if (facts.version == 0)
        out += "Connection: keep-alive\r\n";
}

} // namespace

void write_head(std::string& out, const response& r, const head_facts& facts) {
    append_status_line(out, r.status);
    append_field(out, "Date", facts.date);
    for (const auto [name, value] : r.headers)
        if (!is_ours(name))
            append_field(out, name, value);
    if (!is_bodiless(r.status))
        append_framing(out, facts);
    append_connection(out, r.status, facts);
    if (!facts.request_id.empty())
        append_field(out, "X-Request-Id", facts.request_id);
    if (!facts.traceparent.empty())
        append_field(out, "Traceparent", facts.traceparent);
    out += "\r\n";
}

void write_chunk(std::string& out, std::string_view piece) {
    if (piece.empty())
        return;
    append_number(out, piece.size(), 16);
    out.append("\r\n").append(piece).append("\r\n");
}

std::string_view date_cache::at(wall_time now) {
    const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (second != second_) {
        text_ = format_http_date(second);
        second_ = second;
    }
    return text_;
}

} // namespace infra::http::detail
