#include "message_access.hpp"
#include "text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/id.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::http {
namespace detail {
namespace {

bool needs_decoding(std::string_view path) noexcept {
    return std::any_of(path.begin(), path.end(), [](char c) {
        return c == '%' || static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f;
    });
}

// Calls f(name, value) for the pairs of a query until it returns true.
template <class F>
void for_each_pair(std::string_view query, F f) {
    while (!query.empty()) {
        const auto pair = take_item(query, '&');
        const auto equals = std::min(pair.find('='), pair.size());
        if (!pair.empty() && f(pair.substr(0, equals), pair.substr(std::min(equals + 1, pair.size()))))
            return;
    }
}

bool is_named(std::string_view encoded, std::string_view name) {
    return encoded == name || encoding::form_decode(encoded) == name;
}

} // namespace

void refuse_parameter(std::string_view name) {
    throw error_response(400, "invalid_parameter",
                         "'" + std::string(name) + "' in the path must be a whole number in range");
}

void refuse_json(const json::failure& why, int status) {
    throw error_response(status, status == 422 ? "invalid_body" : "invalid_json", why.problem, why.path);
}

void request_access::reset(request& r) noexcept {
    r.text_.clear();
    r.target_ = r.path_ = r.query_ = r.host_ = r.authority_ = r.method_name_ = {};
    r.params_.clear();
    r.route_.reset();
    r.headers_.clear();
    r.body_.clear();
    r.remote_address_.clear();
    r.request_id_.clear();
    r.attachment.reset();
    r.method_ = method::other; // until a request line says otherwise
    r.version_ = 1;
    r.secure_ = false;
}

bool request_access::set_target(request& r, method m, std::string_view method_name, std::string_view target) {
    r.method_ = m;
    r.text_.reserve(2 * target.size() + method_name.size());
    r.target_ = append(r, target);
    r.method_name_ = append(r, method_name);
    const auto parts = split_target(r.target(), m);
    if (!parts)
        return false;
    r.path_ = slice_of(r, parts->path);
    r.query_ = slice_of(r, parts->query);
    r.authority_ = slice_of(r, parts->authority);
    if (!needs_decoding(parts->path))
        return true;
    const auto decoded = decode_path(parts->path);
    if (decoded)
        r.path_ = append(r, *decoded);
    return decoded.has_value();
}

void request_access::set_forwarded(request& r, const boost::asio::ip::address& peer, const networks& trusted) {
    std::string all;
    for (const auto field : r.headers_.get_all("Forwarded"))
        all.append(all.empty() ? "" : ",").append(field);
    const auto origin = origin_in_forwarded(peer, all, trusted);
    if (origin.client != peer)
        r.remote_address_ = origin.client.to_string();
    if (origin.secure)
        r.secure_ = *origin.secure;
    if (origin.host && is_host(*origin.host))
        r.host_ = append(r, *origin.host);
}

void request_access::set_origin(request& r, const boost::asio::ip::address& peer, const std::string& peer_text,
                                bool tls, const networks& trusted, forwarding written) {
    r.host_ = r.authority_.size ? r.authority_ : append(r, r.header("Host"));
    r.secure_ = tls;
    r.remote_address_ = peer_text;
    if (trusted.empty() || !trusted.contains(peer))
        return;
    if (written == forwarding::forwarded)
        return set_forwarded(r, peer, trusted);
    const auto forwarded_for = r.headers_.get_all("X-Forwarded-For"); // several fields are one list
    auto client = peer;
    for (auto field = forwarded_for.rbegin(); field != forwarded_for.rend() && trusted.contains(client); ++field)
        client = forwarded_client(client, *field, trusted);
    if (client != peer)
        r.remote_address_ = client.to_string();
    // Of several fields the last one is the proxy's, too.
    if (const auto schemes = r.headers_.get_all("X-Forwarded-Proto"); !schemes.empty())
        r.secure_ = last_entry(schemes.back()) == "https";
    if (const auto hosts = r.headers_.get_all("X-Forwarded-Host"); !hosts.empty() && is_host(last_entry(hosts.back())))
        r.host_ = append(r, last_entry(hosts.back()));
}

route_match request_access::find(const request& r, const route_table& table) {
    const auto target = split_target(r.target(), r.method_);
    return table.find(r.method_, target->path, r.path());
}

route_match request_access::match(request& r, const route_table& table) {
    auto found = find(r, table);
    r.route_ = found.route;
    for (const auto value : found.values)
        r.params_.push_back(slice_of(r, value));
    return found;
}

request::slice request_access::append(request& r, std::string_view text) {
    const auto at = static_cast<std::uint32_t>(r.text_.size());
    r.text_.append(text);
    return {at, static_cast<std::uint32_t>(text.size())};
}

request::slice request_access::slice_of(const request& r, std::string_view view) noexcept {
    if (view.empty())
        return {};
    return {static_cast<std::uint32_t>(view.data() - r.text_.data()), static_cast<std::uint32_t>(view.size())};
}

} // namespace detail

request request::make(request_parts parts) {
    request made;
    if (!detail::request_access::set_target(made, parts.method, to_string(parts.method), parts.target))
        throw std::invalid_argument("http::request_parts::target is one that a server answers with 400");
    made.headers_ = std::move(parts.headers);
    made.body_ = std::move(parts.body);
    boost::system::error_code not_an_address;
    const auto peer = boost::asio::ip::make_address(parts.remote_address, not_an_address);
    detail::request_access::set_origin(made, peer, parts.remote_address, false, {});
    const auto sent = made.header("X-Request-Id");
    made.request_id_ = detail::is_request_id(sent) ? std::string(sent) : uuid_v7();
    return made;
}

std::string_view request::route() const noexcept { return route_ ? std::string_view(route_->pattern) : ""; }

std::string_view request::param(std::string_view name) const {
    for (std::size_t i = 0; i < params_.size(); ++i)
        if (route_->names[i] == name)
            return view(params_[i]);
    throw std::invalid_argument("http::request::param: the route '" + std::string(route()) + "' has no variable '" +
                                std::string(name) + "'");
}

std::optional<std::string> request::query(std::string_view name) const {
    std::optional<std::string> found;
    detail::for_each_pair(query_string(), [&](std::string_view key, std::string_view value) {
        if (!detail::is_named(key, name))
            return false;
        found = encoding::form_decode(value);
        return true;
    });
    return found;
}

std::vector<std::string> request::query_all(std::string_view name) const {
    std::vector<std::string> found;
    detail::for_each_pair(query_string(), [&](std::string_view key, std::string_view value) {
        if (detail::is_named(key, name))
            if (auto decoded = encoding::form_decode(value))
                found.push_back(std::move(*decoded));
        return false;
    });
    return found;
}

std::optional<std::uint64_t> body_reader::announced() const { return from_->announced(); }

void body_reader::set_limit(std::uint64_t bytes) { from_->set_limit(bytes); }

awaitable<std::string> body_reader::read() { return from_->read(); }

std::optional<std::string_view> request::cookie(std::string_view name) const noexcept {
    const auto fields = headers_.get("Cookie");
    return fields ? find_cookie(*fields, name) : std::nullopt;
}

} // namespace infra::http
