#pragma once

/// What a handler answers.
///
///     return http::response::ok(order);                      // JSON of a described struct
///     return http::response::text("hello");
///     throw http::error_response(409, "email_taken", "that address is already signed up");

#include <infra/base/awaitable.hpp>
#include <infra/base/error.hpp>
#include <infra/base/http_message.hpp>
#include <infra/base/json.hpp>
#include <infra/http_server/cookie.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::http {

namespace detail {
struct request_access;
class body_sink;
struct file_body;
struct streamed_body;
} // namespace detail

/// The other end of a streamed body.
///
/// Threads:  the coroutine that was given it.
/// Errors:   infra::error with errc::closed when the client has gone or is too slow.
/// Lifetime: until the producer returns.
class body_writer {
public:
    explicit body_writer(detail::body_sink& sink) noexcept : sink_(&sink) {}

    /// Returns once the client's side has room for more: whoever awaits it cannot outrun a slow reader. Nothing is sent
    /// for an empty piece. That a client has gone is noticed here and nowhere else, so a stream that may be silent for
    /// minutes writes something now and then (a comment line, for server-sent events).
    awaitable<void> write(std::string piece);

private:
    detail::body_sink* sink_;
};

/// Writes a body piece by piece; what it throws cuts the connection, since the status has been sent already.
using body_producer = std::function<awaitable<void>(body_writer)>;

struct file_options {
    std::string content_type{};               ///< empty: by the file's extension
    std::string cache_control{};              ///< empty: no such field
    std::optional<std::string> download_as{}; ///< a name for the browser's "save as"
};

/// A status, header fields and a body.
///
/// The server adds Date, Content-Length or Transfer-Encoding, Connection, X-Request-Id and Traceparent itself, and
/// leaves the body out for HEAD, 204 and 304. What is set here under any of these names is ignored.
class response {
public:
    response() = default; ///< 200, no body
    explicit response(int code) : status(code) {}

    int status = 200; ///< 200 to 599; anything else is answered 500
    http::headers headers;
    std::string body;

    /// JSON of anything infra/base/json.hpp converts, or of a braced list: `ok({{"id", 7}})`.
    template <class T = infra::json::value>
    static response json(int status, const T& value) {
        return of(status, "application/json", infra::json::to_text(value));
    }
    template <class T = infra::json::value>
    static response ok(const T& value) {
        return json(200, value);
    }
    template <class T = infra::json::value>
    static response created(const T& value) {
        return json(201, value);
    }
    template <class T = infra::json::value>
    static response accepted(const T& value) {
        return json(202, value);
    }

    /// The other kinds; text and HTML are sent as UTF-8.
    static response of(int status, std::string_view content_type, std::string body);
    static response text(int status, std::string body) {
        return of(status, "text/plain; charset=utf-8", std::move(body));
    }
    static response text(std::string body) { return text(200, std::move(body)); }
    static response html(int status, std::string body) {
        return of(status, "text/html; charset=utf-8", std::move(body));
    }
    static response html(std::string body) { return html(200, std::move(body)); }
    static response no_content() { return response(204); }
    static response redirect(std::string_view location, int status = 303);

    /// The error document of error_response, below, as a value.
    static response error(int status, std::string_view code, std::string_view message, std::string_view path = {});
    static response not_found(std::string_view message = "there is nothing here");

    /// A body made while it is sent: chunked, or for HTTP/1.0 ended by closing. The producer is not called for HEAD. Of a
    /// `length` that is known Content-Length tells, also for HEAD; a producer that writes more or less cuts the connection.
    static response stream(std::string_view content_type, body_producer producer,
                           std::optional<std::uint64_t> length = {});

    /// A file, read off the loop, with Content-Type, ETag and Last-Modified; conditional and range requests (RFC 9110
    /// sections 13 and 14, one range) are answered, unless its status is made another than 200. What is not a readable
    /// regular file is 404. The path is opened as it stands: for paths that clients choose use router::files.
    static response file(std::string path, file_options options = {});

    /// Adds a `Set-Cookie` field. Throws std::invalid_argument naming the member that cannot be sent.
    void set_cookie(const cookie& c) { headers.append("Set-Cookie", to_set_cookie(c)); }

private:
    friend struct detail::request_access;
    std::shared_ptr<detail::streamed_body> streamed_;
    std::shared_ptr<detail::file_body> file_;
};

/// Thrown by a handler, at any depth, to answer with a status and the error document
///
///     {"error":{"code":"invalid_body","message":"expected a string, got a number","path":"/email","request_id":"01…"}}
///
/// `code` is for programs, `message` for people, `path` the JSON Pointer of the field to blame (left out when empty).
/// Both texts are shown to the client.
class error_response : public infra::error {
public:
    /// `status` 400 to 599, or std::invalid_argument.
    error_response(int status, std::string code, std::string message, std::string path = {});

    int status() const noexcept { return status_; }
    const std::string& error_code() const noexcept { return code_; }
    const std::string& path() const noexcept { return path_; }
    response to_response() const { return response::error(status_, code_, what(), path_); }

private:
    int status_;
    std::string code_;
    std::string path_;
};

} // namespace infra::http
