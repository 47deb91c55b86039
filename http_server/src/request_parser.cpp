#include "request_parser.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <functional>

namespace infra::http::detail {
namespace {

namespace beast = boost::beast;

// The request line and each field are sent with this much around their parts: "GET / HTTP/1.1\r\n", "name: value\r\n".
constexpr std::size_t around_request_line = 12;
constexpr std::size_t around_field = 4;

std::string_view view(beast::string_view text) noexcept { return {text.data(), text.size()}; }

// "GET / HTTP/2.0", "PRI * HTTP/2.0": well said, but not to us.
bool names_later_version(std::string_view unread) noexcept {
    const auto line = unread.substr(0, unread.find_first_of("\r\n"));
    const auto word = line.substr(line.rfind(' ') + 1);
    return word.size() == 8 && word.starts_with("HTTP/") && word[5] >= '2' && word[5] <= '9' && word[6] == '.' &&
           word[7] >= '0' && word[7] <= '9';
}

} // namespace

request_parser::request_parser(request& into, const server_limits& limits, bool pauses)
    : request_(into), limits_(limits), pauses_(pauses) {
    request_access::reset(request_);
    header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
    body_limit(boost::none);
    if (!pauses)
        body_limit(limits.max_body_bytes);
    eager(true);
}

void request_parser::allow_body(std::uint64_t most) {
    pauses_ = false;
    body_limit(most);
    if (content_length().value_or(0) > most)
        failure_ = 413;
}

// A client may have sent an empty line too many behind the body before (RFC 9112 section 2.2).
std::size_t request_parser::feed(std::string_view bytes) {
    std::size_t skipped = 0;
    while (!got_some() && bytes.substr(skipped, 2) == "\r\n")
        skipped += 2;
    bytes.remove_prefix(skipped);
    const bool unsettled = bytes.empty() || (!got_some() && bytes == "\r");
    return unsettled ? skipped : skipped + parse(bytes);
}

std::size_t request_parser::parse(std::string_view bytes) {
    if (is_at_body())
        return 0;
    // A chunked body ends with five bytes at least. Beast, shown fewer for the second time, fails an assertion.
    if (is_header_done() && chunked() && bytes.size() < 5)
        return 0;
    unread_ = bytes;
    error_code ec;
    const auto taken = put(boost::asio::const_buffer(bytes.data(), bytes.size()), ec);
    const auto unread = bytes.substr(taken);
    if (ec == beast::http::error::need_more) {
        // Chunk heads and trailers are not kept, but neither may they pile up unread.
        if (unread.size() >= limits_.max_header_bytes && is_header_done())
            failure_ = 431;
    } else if (ec && failure_ == 0 && !is_at_body()) {
        failure_ = status_of(ec, unread);
    }
    return taken;
}

int request_parser::status_of(const error_code& ec, std::string_view unread) const noexcept {
    if (ec == beast::http::error::header_limit)
        return 431;
    if (ec == beast::http::error::body_limit)
        return 413;
    if (ec == beast::http::error::bad_version && names_later_version(unread))
        return 505;
    return 400;
}

// Beast hands out a value as it stands in what it is shown, unless it had to put it together from several lines.
bool request_parser::is_folded(std::string_view name, std::string_view value) const noexcept {
    const std::less<const char*> before;
    if (value.empty())
        return false;
    if (before(value.data(), unread_.data()) || !before(value.data(), unread_.data() + unread_.size()))
        return true;
    return std::find(name.data() + name.size(), value.data(), '\n') != value.data(); // all on the second line
}

void request_parser::refuse(int status, error_code& ec) {
    failure_ = status;
    ec = beast::http::error::bad_value;
}

void request_parser::count(std::size_t bytes, error_code& ec) {
    header_bytes_ += bytes;
    if (header_bytes_ > limits_.max_header_bytes)
        refuse(431, ec);
}

void request_parser::on_request_impl(beast::http::verb, text method, text target, int version, error_code& ec) {
    ec = {};
    count(method.size() + target.size() + around_request_line, ec);
    if (ec)
        return;
    const auto name = view(method);
    request_access::set_version(request_, version - 10);
    // CONNECT's target is a host and a port; it is refused later, by name.
    const auto m = http::parse_method(name);
    if (!request_access::set_target(request_, m, name, m == http::method::connect ? "/" : view(target)))
        refuse(400, ec);
}

void request_parser::on_field_impl(field f, text name, text value, error_code& ec) {
    ec = {};
    count(name.size() + value.size() + around_field, ec);
    if (!ec && ++fields_ > limits_.max_header_fields)
        refuse(431, ec);
    else if (!ec && is_folded(view(name), view(value))) // which proxies read in more than one way
        refuse(400, ec);
    if (ec || is_header_done()) // a trailer: none is of use here, and none may pass for a header
        return;
    switch (f) {
    case field::host:
        if (++hosts_ > 1 || !is_host(view(value)))
            refuse(400, ec);
        break;
    case field::content_length:
        // The same length twice is for Beast one length, but not for everybody who may stand in front of us.
        if (++lengths_ > 1 || value.find(',') != text::npos)
            refuse(400, ec);
        break;
    case field::transfer_encoding:
        // Beast takes an unknown coding for no body at all, which would make the body the next request.
        if (request_.version() == 0)
            refuse(400, ec);
        else if (!beast::iequals(value, "chunked"))
            refuse(501, ec);
        break;
    case field::expect:
        if (!beast::iequals(value, "100-continue"))
            refuse(417, ec);
        expects_continue_ = request_.version() == 1;
        break;
    case field::range:
    case field::if_range:
    case field::if_match:
    case field::if_none_match:
    case field::if_modified_since:
    case field::if_unmodified_since: conditional_ = true; break;
    default: break;
    }
    if (!ec)
        request_access::fields(request_).append(view(name), view(value));
}

void request_parser::on_header_impl(error_code& ec) {
    ec = {};
    if (request_.version() == 1 && hosts_ == 0)
        refuse(400, ec);
}

// An error is the one way to make Beast stop here; shown more, it comes here again.
void request_parser::on_body_init_impl(const boost::optional<std::uint64_t>&, error_code& ec) {
    ec = {};
    if (pauses_)
        ec = beast::http::error::need_buffer;
}

std::size_t request_parser::on_body_impl(text body, error_code& ec) {
    ec = {};
    request_access::body(request_).append(body.data(), body.size());
    return body.size();
}

} // namespace infra::http::detail
