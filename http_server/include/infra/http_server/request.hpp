#pragma once

/// What a handler is given.
///
///     auto id    = req.param<std::uint64_t>("id");     // 400 if it is not a number
///     auto page  = req.query("page").value_or("1");
///     auto order = req.json<new_order>();              // 422 naming the bad field

#include <infra/base/awaitable.hpp>
#include <infra/base/http_message.hpp>
#include <infra/base/json.hpp>

#include <any>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::http {

namespace detail {
class body_input;
struct request_access;
struct route;

[[noreturn]] void refuse_parameter(std::string_view name);
[[noreturn]] void refuse_json(const json::failure& why, int status);
} // namespace detail

/// What a test makes a request of; see request::make.
struct request_parts {
    http::method method = http::method::get;
    std::string target = "/";
    http::headers headers{};
    std::string body{};
    std::string remote_address = "127.0.0.1";
};

/// One request, complete with its body.
///
/// Threads:  as a standard container. Moves, but is not copied.
/// Errors:   what the client got wrong is thrown as error_response, which the server answers by itself.
/// Lifetime: views are good until the request is changed or moved.
class request {
public:
    request() = default;
    request(request&&) noexcept = default;
    request& operator=(request&&) noexcept = default;

    /// For tests of handlers, with router::handle. Throws std::invalid_argument for a target that a server refuses.
    static request make(request_parts parts);

    http::method method() const noexcept { return method_; }
    std::string_view target() const noexcept { return view(target_); } ///< path and query as they were sent
    std::string_view path() const noexcept { return view(path_); }     ///< decoded
    std::string_view route() const noexcept;                           ///< the pattern that matched: "/users/{id}"

    /// The decoded part of the path under `{name}`; it may hold any character but controls, '/' too. Throws
    /// std::invalid_argument for a name that the route does not have.
    std::string_view param(std::string_view name) const;

    /// The same as a whole number; what is not one, or does not fit, is answered 400.
    template <std::integral Number>
    Number param(std::string_view name) const {
        const auto text = param(name);
        Number value{};
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (failed != std::errc{} || end != text.data() + text.size())
            detail::refuse_parameter(name);
        return value;
    }

    /// The first value of `name` in the query, decoded as forms are ('+' is a space). What is not decodable is absent.
    std::optional<std::string> query(std::string_view name) const;
    std::vector<std::string> query_all(std::string_view name) const;
    std::string_view query_string() const noexcept { return view(query_); } ///< as sent, without the '?'

    const http::headers& headers() const noexcept { return headers_; }
    std::string_view header(std::string_view name) const noexcept { return headers_.get(name).value_or(""); }
    std::optional<std::string_view> cookie(std::string_view name) const noexcept;

    const std::string& body() const noexcept { return body_; }
    std::string take_body() noexcept { return std::move(body_); }

    /// The body as a described struct or any other type of infra/base/json.hpp, whatever its Content-Type says. What is
    /// not JSON is answered 400; JSON of another shape 422, with the JSON Pointer of the field.
    template <class T>
    T json() const {
        const auto document = infra::json::parse<infra::json::value>(body_);
        if (!document)
            detail::refuse_json(document.error(), 400);
        auto value = infra::json::from_value<T>(*document);
        if (!value)
            detail::refuse_json(value.error(), 422);
        return std::move(*value);
    }

    /// The client's numeric address; behind a trusted proxy the one the proxy saw.
    const std::string& remote_address() const noexcept { return remote_address_; }
    std::string_view scheme() const noexcept { return secure_ ? "https" : "http"; } ///< the client's
    std::string_view host() const noexcept { return view(host_); } ///< what the client calls us: "shop.example:8080"
    const std::string& request_id() const noexcept { return request_id_; }

    /// Minor version of HTTP/1: 0 or 1.
    int version() const noexcept { return version_; }

    /// What a guard (router::use) leaves for the handler: a user, a tenant.
    std::any attachment;

private:
    friend struct detail::request_access;

    /// A part of text_, which moves along with it where a view would dangle.
    struct slice {
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
    };
    std::string_view view(slice s) const noexcept { return std::string_view(text_).substr(s.offset, s.size); }

    std::string text_; // the target, the host and whatever had to be decoded
    slice target_, path_, query_, host_, authority_, method_name_;
    std::vector<slice> params_;
    std::shared_ptr<const detail::route> route_;
    http::headers headers_;
    std::string body_;
    std::string remote_address_;
    std::string request_id_;
    http::method method_ = http::method::get;
    int version_ = 1;
    bool secure_ = false;
};

/// The body of a request, for a handler that takes it while it comes:
///
///     routes.put("/files/{name}", [](http::request req, http::body_reader body) -> awaitable<http::response> {
///         body.set_limit(5ull << 30);
///         for (auto piece = co_await body.read(); !piece.empty(); piece = co_await body.read())
///             co_await keep(piece);
///         co_return http::response(201);
///     });
///
/// What the handler does not ask for is not read from the client. An answer given before the end closes the connection.
///
/// Threads:  one read() at a time, in the handler's coroutine or one that it awaits.
/// Errors:   error_response, to be let through: 413 over the limit, 400 for what is no body. infra::error with
///           errc::closed when the client has gone, or has sent nothing for server_timeouts::body and was answered 408.
/// Cancel:   read(), all types; it may be called again and nothing is lost.
/// Lifetime: until the handler returns.
class body_reader {
public:
    explicit body_reader(detail::body_input& from) noexcept : from_(&from) {}

    /// How long it says that it is; empty for a chunked one.
    std::optional<std::uint64_t> announced() const;

    /// How long it may be, before the first read(); server_limits::max_body_bytes unless this says otherwise.
    void set_limit(std::uint64_t bytes);

    /// What has come since, 1 byte to 64 KiB; empty at the end. The first one tells a client that waits for it to go on
    /// (100 Continue). Between two of them server_timeouts::handler counts anew.
    awaitable<std::string> read();

private:
    detail::body_input* from_;
};

} // namespace infra::http
