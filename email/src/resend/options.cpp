#include "options.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace infra::email {
namespace resend {
namespace {

// A name and password there would be a second way to log in, and a query would end up in the middle of the paths.
bool is_base_url(std::string_view url) noexcept {
    for (const std::string_view scheme : {"https://", "http://"})
        if (url.starts_with(scheme))
            return url.size() > scheme.size() && url[scheme.size()] != '/' && std::ranges::all_of(url, [](char c) {
                       return c > ' ' && c < 0x7f && c != '@' && c != '?' && c != '#';
                   });
    return false;
}

// What can stand in a header.
bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_field(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
}

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("email::resend_options::") + sentence);
}

[[noreturn]] void refuse(const char* sentence) { throw error(infra::errc::misconfigured, sentence); }

} // namespace

void validate(const resend_options& o) {
    require(is_token(o.api_key), "api_key must be a key of Resend, re_…");
    require(is_base_url(o.base_url), "base_url must be https://host, without user, query and fragment");
    require(is_field(o.user_agent), "user_agent must be text for a header");
    require(o.connections >= 1 && o.connections <= 1'000, "connections must be between 1 and 1000");
    require(o.max_waiting >= 1, "max_waiting must be at least 1");
    require(o.connect_timeout > std::chrono::milliseconds::zero(), "connect_timeout must be greater than zero");
    require(o.time, "time must be a clock");
}

} // namespace resend

resend_options resend_options_from(const environment& variables) {
    resend_options options;
    options.api_key = variables.get_or("RESEND_API_KEY", "");
    options.base_url = variables.get_or("RESEND_BASE_URL", options.base_url);
    options.user_agent = variables.get_or("RESEND_USER_AGENT", options.user_agent);
    options.proxy = http::proxies_from(variables);
    options.tls = http::tls_from(variables);
    if (options.api_key.empty())
        resend::refuse("RESEND_API_KEY is not set; mail through Resend needs a key (re_…), or a file with one named by "
                       "RESEND_API_KEY_FILE");
    if (!resend::is_token(options.api_key))
        resend::refuse("RESEND_API_KEY: expected a key, re_…, in printable ASCII without spaces");
    if (!resend::is_base_url(options.base_url))
        resend::refuse("RESEND_BASE_URL: expected https://host, without user, query and fragment");
    if (!resend::is_field(options.user_agent))
        resend::refuse("RESEND_USER_AGENT: expected text for a header, in printable ASCII");
    return options;
}

} // namespace infra::email
