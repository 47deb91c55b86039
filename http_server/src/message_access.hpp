#pragma once

// The server's own way into requests and responses.

#include "forwarded.hpp"
#include "route_table.hpp"
#include "target.hpp"

#include <infra/http_server/options.hpp>
#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>
#include <infra/http_server/router.hpp>

#include <boost/asio/ip/address.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra {
class blocking_pool;
}

namespace infra::http::detail {

struct streamed_body {
    body_producer produce;
    std::optional<std::uint64_t> length{};
};

/// A file to be sent: under `root` when there is one (and then never outside of it), else as the path stands.
struct file_body {
    std::string path{};
    file_options options{};
    int root = -1; ///< a directory's descriptor, owned by whoever made this
    std::shared_ptr<const void> root_owner = nullptr;
    blocking_pool* pool = nullptr; ///< null: the default one
};

/// Where the bytes of a request's body come from.
class body_input {
public:
    virtual std::optional<std::uint64_t> announced() const = 0;
    virtual void set_limit(std::uint64_t bytes) = 0;
    virtual awaitable<std::string> read() = 0;

protected:
    ~body_input() = default;
};

/// Where the bytes of a streamed body go.
class body_sink {
public:
    virtual awaitable<void> write(std::string piece) = 0;

protected:
    ~body_sink() = default;
};

struct request_access {
    /// Empty again, with its memory.
    static void reset(request& r) noexcept;

    /// False when the target is to be answered 400.
    static bool set_target(request& r, method m, std::string_view method_name, std::string_view target);
    static void set_version(request& r, int minor) noexcept { r.version_ = minor; }
    static headers& fields(request& r) noexcept { return r.headers_; }
    static std::string& body(request& r) noexcept { return r.body_; }
    static std::string_view method_name(const request& r) noexcept { return r.view(r.method_name_); }

    /// Settles host, scheme and client from the target, the fields and, where the peer is trusted, what it forwards.
    static void set_origin(request& r, const boost::asio::ip::address& peer, const std::string& peer_text, bool tls,
                           const networks& trusted, forwarding written = forwarding::x_forwarded);
    static void set_forwarded(request& r, const boost::asio::ip::address& peer, const networks& trusted);
    static void set_request_id(request& r, std::string id) noexcept { r.request_id_ = std::move(id); }

    static route_match find(const request& r, const route_table& table);

    /// The route for it, remembered in the request with the variables' values.
    static route_match match(request& r, const route_table& table);

    static const std::shared_ptr<streamed_body>& streamed(const response& r) noexcept { return r.streamed_; }
    static const std::shared_ptr<file_body>& file(const response& r) noexcept { return r.file_; }
    static void set_streamed(response& r, std::shared_ptr<streamed_body> b) noexcept { r.streamed_ = std::move(b); }
    static void set_file(response& r, std::shared_ptr<file_body> b) noexcept { r.file_ = std::move(b); }

    static const std::shared_ptr<route_table>& table(const router& r) noexcept { return r.table_; }

private:
    static request::slice append(request& r, std::string_view text);
    static request::slice slice_of(const request& r, std::string_view view) noexcept;
};

} // namespace infra::http::detail
