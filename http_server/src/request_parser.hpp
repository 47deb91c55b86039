#pragma once

// Bytes in, request out. Beast does the reading; what it lets pass and we do not stands here.

#include "message_access.hpp"

#include <infra/http_server/options.hpp>

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <string_view>

namespace infra::http::detail {

/// Parses one request. Made anew for the next.
class request_parser final : public boost::beast::http::basic_parser<true> {
public:
    /// Both must outlive it. The request is reset. With `pauses` it stops before a body until allow_body().
    request_parser(request& into, const server_limits& limits, bool pauses = false);

    /// Takes what it can of `bytes` and says how much; what it does not take is to be offered again with more behind.
    std::size_t feed(std::string_view bytes);

    /// It has stopped, and what is fed is not taken.
    bool is_at_body() const noexcept { return pauses_ && is_header_done() && !is_done(); }

    /// Goes on, for `most` bytes. More, or more announced, is a failure().
    void allow_body(std::uint64_t most);

    /// 0 while all is well, else the status that tells the client what was wrong. Nothing may be fed after that.
    int failure() const noexcept { return failure_; }

    /// The client waits for 100 (Continue) before it sends the body.
    bool expects_continue() const noexcept { return expects_continue_; }

    /// There are fields that a file or another validator-aware answer depends on.
    bool is_conditional() const noexcept { return conditional_; }

private:
    using error_code = boost::beast::error_code;
    using text = boost::beast::string_view;
    using field = boost::beast::http::field;

    void on_request_impl(boost::beast::http::verb, text method, text target, int version, error_code& ec) override;
    void on_response_impl(int, text, int, error_code&) override {}
    void on_field_impl(field f, text name, text value, error_code& ec) override;
    void on_header_impl(error_code& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) override;
    std::size_t on_body_impl(text body, error_code& ec) override;
    void on_chunk_header_impl(std::uint64_t, text, error_code& ec) override { ec = {}; }
    std::size_t on_chunk_body_impl(std::uint64_t, text body, error_code& ec) override { return on_body_impl(body, ec); }
    void on_finish_impl(error_code& ec) override { ec = {}; }

    std::size_t parse(std::string_view bytes);
    bool is_folded(std::string_view name, std::string_view value) const noexcept;
    void refuse(int status, error_code& ec);
    void count(std::size_t bytes, error_code& ec);
    int status_of(const error_code& ec, std::string_view unread) const noexcept;

    request& request_;
    const server_limits& limits_;
    std::string_view unread_; // what Beast is being shown
    std::size_t header_bytes_ = 0;
    std::size_t fields_ = 0;
    std::size_t hosts_ = 0;
    std::size_t lengths_ = 0;
    int failure_ = 0;
    bool pauses_;
    bool expects_continue_ = false;
    bool conditional_ = false;
};

} // namespace infra::http::detail
