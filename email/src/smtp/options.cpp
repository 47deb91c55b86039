#include <infra/email/smtp.hpp>

#include "../ascii.hpp"
#include "options.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace infra::email {
namespace {

// --- Checking ----------------------------------------------------------------------------------------------------

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("email::smtp_options::") + sentence);
}

bool is_name(std::string_view s) {
    return !s.empty() && s.size() <= 255 &&
           std::ranges::all_of(s, [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_'; });
}

bool is_bracketed(std::string_view s) {
    return s.size() > 2 && s.size() < 64 && s.front() == '[' && s.back() == ']' &&
           std::ranges::all_of(
               s.substr(1, s.size() - 2),
               [](char c) { return is_letter_or_digit(c) || c == ':' || c == '.' || c == '%'; });
}

bool is_one_line(std::string_view s) {
    return std::ranges::none_of(s, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

bool is_field_name(std::string_view s) {
    return std::ranges::all_of(s, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

} // namespace

namespace smtp {

void check(const smtp_options& o) {
    using namespace std::chrono_literals;
    require(is_name(o.host) || is_bracketed(o.host), "host must be a name, or an address, an IPv6 one in brackets");
    require(o.hello.empty() || is_name(o.hello) || is_bracketed(o.hello), "hello must be a host's name");
    require(is_one_line(o.user) && is_one_line(o.password) && is_one_line(o.token),
            "user, password and token must be without control characters");
    require(o.password.empty() || o.token.empty(), "password and token: at most one may be set");
    require(o.user.empty() == (o.password.empty() && o.token.empty()),
            "user needs a password or token, and they need a user");
    require(o.user.empty() || o.tls != smtp_tls::none || o.insecure_password_in_the_clear,
            "password would be sent in the clear, where everybody on the way can read it; use TLS, or set "
            "insecure_password_in_the_clear");
    require(is_field_name(o.key_header), "key_header must be a field's name");
    require(o.connections >= 1 && o.connections <= 100, "connections must be from 1 to 100");
    require(o.max_idle >= 0ms && o.max_idle <= 1h, "max_idle must be from 0 to 1 h");
    require(o.timeout > 0ms && o.timeout <= 24h, "timeout must be greater than zero and at most a day");
    require(o.max_waiting >= 1, "max_waiting must be at least 1");
    require(o.time != nullptr, "time must be a clock");
}

smtp_options completed(smtp_options o) {
    check(o);
    if (o.port == 0)
        o.port = o.tls == smtp_tls::implicit ? 465 : 587;
    std::string host = o.host;
    std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; });
    if (o.key_header.empty() && host == "smtp.resend.com")
        o.key_header = "Resend-Idempotency-Key";
    return o;
}

} // namespace smtp

// --- URLs --------------------------------------------------------------------------------------------------------

namespace {

[[noreturn]] void refuse(const std::string& why) { throw error(infra::errc::misconfigured, "the URL of SMTP " + why); }

std::string decoded(std::string_view text, const char* what) {
    auto plain = encoding::percent_decode(text);
    if (!plain)
        refuse(std::string("has a % without two hex digits in its ") + what);
    return std::move(*plain);
}

std::size_t number_in(std::string_view text, std::size_t lowest, std::size_t highest, const char* what) {
    std::size_t n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (problem != std::errc() || end != text.data() + text.size() || n < lowest || n > highest)
        refuse("has a " + std::string(what) + " that is no number from " + std::to_string(lowest) + " to " +
               std::to_string(highest));
    return n;
}

/// What options say before it is known what they come to.
struct reading {
    smtp_options made{};
    std::string password_file{};
    bool by_token = false;
};

void read_tls(reading& r, const std::string& value) {
    if (value == "none" && r.made.tls != smtp_tls::implicit)
        r.made.tls = smtp_tls::none;
    else if (value != "required")
        refuse("has a tls= that is not `required`, nor, with smtp://, `none`");
}

void read_auth(reading& r, const std::string& value) {
    if (value != "password" && value != "token")
        refuse("has an auth= that is neither `password` nor `token`");
    r.by_token = value == "token";
}

void read_consent(reading& r, const std::string& value) {
    if (value != "yes")
        refuse("has an insecure_password_in_the_clear= that is not `yes`");
    r.made.insecure_password_in_the_clear = true;
}

void read_idle(reading& r, const std::string& value) {
    const auto time = parse_duration(value);
    if (!time)
        refuse("has a max_idle= that is no duration, such as 30s");
    r.made.max_idle = *time;
}

struct known_option {
    std::string_view name;
    void (*read)(reading&, const std::string&);
};

constexpr std::array known_options{
    known_option{"user", [](reading& r, const std::string& v) { r.made.user = v; }},
    known_option{"password_file", [](reading& r, const std::string& v) { r.password_file = v; }},
    known_option{"auth", read_auth},
    known_option{"tls", read_tls},
    known_option{"insecure_password_in_the_clear", read_consent},
    known_option{"ca_file", [](reading& r, const std::string& v) { r.made.ca_file = v; }},
    known_option{"hello", [](reading& r, const std::string& v) { r.made.hello = v; }},
    known_option{"connections",
                 [](reading& r, const std::string& v) { r.made.connections = number_in(v, 1, 100, "connections="); }},
    known_option{"max_idle", read_idle},
};

// What is not known is not repeated: it may be the end of a password with an & or ? in it.
void read_option(reading& r, std::string_view one) {
    const auto equals = std::min(one.find('='), one.size());
    const auto known = std::ranges::find(known_options, one.substr(0, equals), &known_option::name);
    if (known != known_options.end() && equals < one.size())
        return known->read(r, decoded(one.substr(equals + 1), "options"));
    std::string names;
    for (const auto& each : known_options)
        names.append(names.empty() ? "" : ", ").append(each.name);
    refuse("has an option that is not known; there are " + names +
           " (in a password, percent-encode ? as %3F and & as %26)");
}

void read_user(reading& r, std::string_view text) {
    const auto colon = std::min(text.find(':'), text.size());
    r.made.user = decoded(text.substr(0, colon), "user");
    r.made.password = decoded(text.substr(std::min(colon + 1, text.size())), "password");
}

void read_place(reading& r, std::string_view text) {
    if (text.ends_with('/'))
        text.remove_suffix(1);
    const auto colon = text.find(':', text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0);
    if (colon != std::string_view::npos)
        r.made.port = static_cast<std::uint16_t>(number_in(text.substr(colon + 1), 1, 65535, "port"));
    r.made.host = text.substr(0, colon);
    if (!is_name(r.made.host) && !is_bracketed(r.made.host))
        refuse("has no host where one should be; in a user or password, percent-encode @ : / ? and # (%40 %3A %2F %3F "
               "%23)");
}

// One rule for files with secrets in them, whoever names them.
std::string secret_in(const std::string& file) {
    const environment only({{"SECRET_FILE", file}});
    try {
        return only.get_or("SECRET", "");
    } catch (const error&) {
        refuse("has a password_file= that cannot be read, is empty or is longer than 64 KiB");
    }
}

void find_password(reading& r, const environment& variables) {
    auto& o = r.made;
    if (!r.password_file.empty()) {
        if (!o.password.empty())
            refuse("has both a password and a password_file=");
        o.password = secret_in(r.password_file);
    }
    if (!o.user.empty() && o.password.empty())
        o.password = variables.get_or("EMAIL_PASSWORD", "");
    if (!o.user.empty() && o.password.empty())
        refuse("has a user without a password; set EMAIL_PASSWORD or EMAIL_PASSWORD_FILE, or add password_file=");
    if (o.user.empty() && !o.password.empty())
        refuse("has a password without a user");
    if (r.by_token)
        o.token = std::exchange(o.password, {});
}

} // namespace

smtp_options smtp_options_from(std::string_view url, const environment& variables) {
    reading r;
    const auto colon = url.find("://");
    const auto scheme = url.substr(0, colon);
    if (colon == std::string_view::npos || (scheme != "smtp" && scheme != "smtps"))
        refuse("must begin with smtp:// or smtps://");
    r.made.tls = scheme == "smtps" ? smtp_tls::implicit : smtp_tls::starttls;
    auto rest = url.substr(colon + 3);
    auto query = rest.substr(std::min(rest.find('?'), rest.size()));
    rest.remove_suffix(query.size());
    const auto at = rest.rfind('@');
    if (at != std::string_view::npos)
        read_user(r, rest.substr(0, at));
    read_place(r, at == std::string_view::npos ? rest : rest.substr(at + 1));
    while (query.size() > 1) {
        query.remove_prefix(1);
        const auto one = query.substr(0, query.find('&'));
        read_option(r, one);
        query.remove_prefix(one.size());
    }
    find_password(r, variables);
    try {
        smtp::check(r.made);
    } catch (const std::invalid_argument& e) {
        throw error(infra::errc::misconfigured, e.what());
    }
    return std::move(r.made);
}

} // namespace infra::email
