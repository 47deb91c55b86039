#include "url.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <charconv>
#include <limits>

namespace infra::redis {
namespace detail {
namespace {

// What is refused is named by its part and never quoted: a password may have landed anywhere.
std::string decoded(std::string_view text, std::string_view part) {
    auto out = encoding::percent_decode(text);
    if (!out)
        refuse_url("has a malformed percent-encoding in its " + std::string(part));
    return std::move(*out);
}

template <class Number>
Number number(std::string_view text, Number lowest, Number highest, std::string_view part) {
    Number out{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (problem != std::errc{} || end != text.data() + text.size() || out < lowest || out > highest)
        refuse_url("has a " + std::string(part) + " that is not a number from " + std::to_string(lowest) + " to " +
                   std::to_string(highest));
    return out;
}

int database(std::string_view text) { return number(text, 0, std::numeric_limits<int>::max(), "database"); }

std::chrono::milliseconds duration(std::string_view text, std::string_view part) {
    constexpr std::int64_t day = 24 * 3600 * 1000;
    return std::chrono::milliseconds(number(text, std::int64_t{1}, day, part));
}

tls_options& tls_of(options& o, std::string_view name) {
    if (!o.tls)
        refuse_url("has '" + std::string(name) + "', which is for rediss:// alone");
    return *o.tls;
}

void apply(options& o, std::string_view name, const std::string& value) {
    if (name == "db")
        o.database = database(value);
    else if (name == "protocol")
        o.protocol = number(value, 2, 3, "protocol");
    else if (name == "client_name")
        o.client_name = value;
    else if (name == "ca_file")
        tls_of(o, name).ca_file = value;
    else if (name == "ca_directory")
        tls_of(o, name).ca_directory = value;
    else if (name == "server_name")
        tls_of(o, name).server_name = value;
    else if (name == "verify" && value == "no")
        tls_of(o, name).insecure_accept_any_certificate = true;
    else if (name == "max_sessions")
        o.max_sessions = number<std::size_t>(value, 1, 10'000, "max_sessions");
    else if (name == "deadline")
        o.default_deadline = duration(value, "deadline");
    else if (name == "connect_timeout")
        o.connect_timeout = duration(value, "connect_timeout");
    else if (name == "verify")
        refuse_url("has a 'verify' that is not no");
    else
        refuse_url("has an option it does not know; there are db, protocol, client_name, ca_file, ca_directory, "
                   "server_name, verify, "
                   "max_sessions, deadline and connect_timeout");
}

void apply_port(options& o, std::string_view text) { o.port = number<std::uint16_t>(text, 1, 65535, "port"); }

// `[::1]:6379`, `host:6379`, `host`
void apply_authority(options& o, std::string_view authority) {
    const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
    if (authority.starts_with('[') && bracket == std::string_view::npos)
        refuse_url("has a host that begins with [ and has no ]");
    const auto host_end = bracket == std::string_view::npos ? authority.find(':') : bracket + 1;
    const auto host = authority.substr(0, host_end);
    const auto rest = authority.substr(host.size());
    if (!rest.empty() && rest.front() != ':')
        refuse_url("has something between its host and its port");
    if (!rest.empty())
        apply_port(o, rest.substr(1));
    if (host.starts_with('['))
        o.host = host.substr(1, host.size() - 2);
    else if (!host.empty())
        o.host = decoded(host, "host");
}

void apply_place(options& o, std::string_view place) {
    const auto slash = place.find('/');
    apply_authority(o, place.substr(0, slash));
    if (slash == std::string_view::npos || slash + 1 == place.size())
        return;
    o.database = database(place.substr(slash + 1));
}

} // namespace

void refuse_url(std::string_view problem) {
    throw error(infra::errc::invalid_input, "the URL of Redis " + std::string(problem));
}

url_parts split(std::string_view url) {
    for (const char c : url)
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
            refuse_url("has a space or a control character; percent-encode it");
    url_parts out;
    const auto colon = url.find("://");
    if (colon == std::string_view::npos)
        refuse_url("has no scheme; it must begin with redis://, rediss:// or unix://");
    out.scheme = url.substr(0, colon);
    auto rest = url.substr(colon + 3);
    rest = rest.substr(0, rest.find('#'));
    const auto question = rest.find('?');
    if (question != std::string_view::npos)
        out.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
    // The last @ before the path: a password with an @ of its own is a common slip, and does no harm.
    const auto at = rest.substr(0, rest.find('/')).rfind('@');
    out.has_userinfo = at != std::string_view::npos;
    if (out.has_userinfo)
        out.userinfo = rest.substr(0, at);
    out.place = out.has_userinfo ? rest.substr(at + 1) : rest;
    return out;
}

void apply_userinfo(options& o, const url_parts& parts) {
    if (!parts.has_userinfo)
        return;
    const auto colon = parts.userinfo.find(':');
    o.username = decoded(parts.userinfo.substr(0, colon), "user");
    if (colon != std::string_view::npos)
        o.password = decoded(parts.userinfo.substr(colon + 1), "password");
    if (!o.username.empty() && o.password.empty())
        refuse_url("has a user without a password; write user:password@, or :password@ for the default user");
}

void apply_query(options& o, std::string_view query) {
    while (!query.empty()) {
        const auto one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), one.size() + 1));
        const auto equals = one.find('=');
        if (one.empty())
            continue;
        if (equals == std::string_view::npos)
            refuse_url("has an option without a value");
        apply(o, one.substr(0, equals), decoded(one.substr(equals + 1), "options"));
    }
}

} // namespace detail

options options_from(std::string_view url) {
    const auto parts = detail::split(url);
    options out;
    if (parts.scheme == "rediss")
        out.tls.emplace();
    else if (parts.scheme != "redis" && parts.scheme != "unix")
        detail::refuse_url("has a scheme it does not know; there are redis://, rediss:// and unix://");
    detail::apply_userinfo(out, parts);
    if (parts.scheme == "unix") {
        out.socket_path = detail::decoded(parts.place, "path");
        if (!out.socket_path.starts_with('/'))
            detail::refuse_url("names no absolute path: unix:///run/redis.sock");
    } else {
        detail::apply_place(out, parts.place);
    }
    detail::apply_query(out, parts.query);
    try {
        validate(out);
    } catch (const std::invalid_argument& e) {
        detail::refuse_url(std::string("does not do: ") + e.what());
    }
    return out;
}

} // namespace infra::redis
