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
Number number_between(std::string_view text, Number lowest, Number highest, std::string_view part) {
    Number out{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (problem != std::errc{} || end != text.data() + text.size() || out < lowest || out > highest)
        refuse_url("has a " + std::string(part) + " that is not a number from " + std::to_string(lowest) + " to " +
                   std::to_string(highest));
    return out;
}

int database(std::string_view text) { return number_between(text, 0, std::numeric_limits<int>::max(), "database"); }

std::chrono::milliseconds duration(std::string_view text, std::string_view part) {
    constexpr std::int64_t day = 24 * 3600 * 1000;
    return std::chrono::milliseconds(number_between(text, std::int64_t{1}, day, part));
}

tls_options& tls_of(options& o, std::string_view name) {
    if (!o.tls)
        refuse_url("has '" + std::string(name) + "', which is for rediss:// alone");
    return *o.tls;
}

sentinel_options& sentinel_of(options& o, std::string_view name) {
    if (!o.sentinel)
        refuse_url("has '" + std::string(name) + "', which is for redis+sentinel:// alone");
    return *o.sentinel;
}

void apply(options& o, std::string_view name, const std::string& value) {
    if (name == "db")
        o.database = database(value);
    else if (name == "protocol")
        o.protocol = number_between(value, 2, 3, "protocol");
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
    else if (name == "sentinel_user")
        sentinel_of(o, name).username = value;
    else if (name == "sentinel_password")
        sentinel_of(o, name).password = value;
    else if (name == "max_sessions")
        o.max_sessions = number_between<std::size_t>(value, 1, 10'000, "max_sessions");
    else if (name == "deadline")
        o.default_deadline = duration(value, "deadline");
    else if (name == "connect_timeout")
        o.connect_timeout = duration(value, "connect_timeout");
    else if (name == "verify")
        refuse_url("has a 'verify' that is not no");
    else
        refuse_url("has an option it does not know; there are db, protocol, client_name, ca_file, ca_directory, "
                   "server_name, verify, sentinel_user, sentinel_password, max_sessions, deadline and "
                   "connect_timeout");
}

// `[::1]:6379`, `host:6379`, `host`; what is not told stays as it is in `out`.
endpoint endpoint_in(std::string_view authority, endpoint out) {
    const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
    if (authority.starts_with('[') && bracket == std::string_view::npos)
        refuse_url("has a host that begins with [ and has no ]");
    const auto host_end = bracket == std::string_view::npos ? authority.find(':') : bracket + 1;
    const auto host = authority.substr(0, host_end);
    const auto rest = authority.substr(host.size());
    if (!rest.empty() && rest.front() != ':')
        refuse_url("has something between its host and its port");
    if (!rest.empty())
        out.port = number_between<std::uint16_t>(rest.substr(1), 1, 65535, "port");
    if (host.starts_with('['))
        out.host = host.substr(1, host.size() - 2);
    else if (!host.empty())
        out.host = decoded(host, "host");
    return out;
}

// `one:6379,other:6379`
std::vector<endpoint> endpoints_in(std::string_view authority, std::uint16_t usual_port) {
    std::vector<endpoint> out;
    while (true) {
        const auto comma = authority.find(',');
        out.push_back(endpoint_in(authority.substr(0, comma), {.port = usual_port}));
        if (out.back().host.empty())
            refuse_url("leaves a host empty");
        if (comma == std::string_view::npos)
            return out;
        authority.remove_prefix(comma + 1);
    }
}

struct authority_and_path {
    std::string_view authority;
    std::string_view path; ///< without the first slash
};

authority_and_path at_slash(std::string_view place) {
    const auto slash = place.find('/');
    return {place.substr(0, slash), slash == std::string_view::npos ? std::string_view() : place.substr(slash + 1)};
}

void apply_server(options& o, std::string_view place) {
    const auto [authority, path] = at_slash(place);
    auto at = endpoint_in(authority, {.host = o.host, .port = o.port});
    o.host = std::move(at.host);
    o.port = at.port;
    if (!path.empty())
        o.database = database(path);
}

void apply_sentinels(options& o, std::string_view place) {
    const auto [authority, path] = at_slash(place);
    const auto [master, number] = at_slash(path);
    o.sentinel = {.sentinels = endpoints_in(authority, 26379), .master = decoded(master, "name of the master")};
    if (o.sentinel->master.empty())
        refuse_url("names no master: redis+sentinel://host/master-name");
    if (!number.empty())
        o.database = database(number);
}

void apply_seeds(options& o, std::string_view place) {
    const auto [authority, path] = at_slash(place);
    o.cluster = {.seeds = endpoints_in(authority, 6379)};
    if (!path.empty())
        o.database = database(path);
}

void apply_socket(options& o, std::string_view place) {
    o.socket_path = decoded(place, "path");
    if (!o.socket_path.starts_with('/'))
        refuse_url("names no absolute path: unix:///run/redis.sock");
}

struct scheme {
    std::string_view name;
    bool with_tls;
    void (*apply_place)(options&, std::string_view);
};

constexpr scheme schemes[] = {
    {"redis", false, apply_server},
    {"rediss", true, apply_server},
    {"unix", false, apply_socket},
    {"redis+sentinel", false, apply_sentinels},
    {"rediss+sentinel", true, apply_sentinels},
    {"redis+cluster", false, apply_seeds},
    {"rediss+cluster", true, apply_seeds},
};

const scheme& scheme_of(std::string_view name) {
    for (const auto& each : schemes)
        if (each.name == name)
            return each;
    refuse_url("has a scheme it does not know; there are redis://, rediss://, unix://, and redis+sentinel:// and "
               "redis+cluster://, likewise with rediss");
}

} // namespace

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
    const auto& by = detail::scheme_of(parts.scheme);
    options out;
    if (by.with_tls)
        out.tls.emplace();
    detail::apply_userinfo(out, parts);
    by.apply_place(out, parts.place);
    detail::apply_query(out, parts.query);
    try {
        validate(out);
    } catch (const std::invalid_argument& e) {
        detail::refuse_url(std::string("does not do: ") + e.what());
    }
    return out;
}

} // namespace infra::redis
