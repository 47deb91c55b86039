#include "target.hpp"

#include "curl_loop/handle.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <charconv>
#include <new>
#include <string_view>

namespace infra::http {
namespace {

[[noreturn]] void refuse(const std::string& problem) {
    throw error(errc::invalid_input, "the URL of a request " + problem);
}

curl::url make_url() {
    curl::url made(curl_url());
    if (!made)
        throw std::bad_alloc();
    return made;
}

// Paths stay as they are spelled: a signature may cover them. A backslash is a slash for browsers and none for libcurl:
// "http://one\\@other/" would have two hosts.
void assign(CURLU* url, const std::string& text) {
    const bool printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '\\'; });
    if (!printable)
        refuse("has a space, a backslash, a control character or a byte beyond ASCII; percent-encode it");
    const auto failure = curl_url_set(url, CURLUPART_URL, text.c_str(), CURLU_PATH_AS_IS);
    if (failure == CURLUE_BAD_SCHEME)
        refuse("must begin with http:// or https://");
    if (failure != CURLUE_OK)
        refuse(std::string("is malformed: ") + curl_url_strerror(failure));
}

// Empty for a part that is not there.
std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, flags) != CURLUE_OK)
        return {};
    const curl::text held(text);
    return held.get();
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

std::uint16_t port_number(const std::string& text) {
    std::uint16_t port = 0;
    std::from_chars(text.data(), text.data() + text.size(), port);
    return port;
}

// RFC 7617. A colon would end the name early, and there is no way to escape it.
std::string basic_authorization(CURLU* url) {
    const auto user = part(url, CURLUPART_USER, CURLU_URLDECODE);
    const auto password = part(url, CURLUPART_PASSWORD, CURLU_URLDECODE);
    if (user.empty() && password.empty())
        return {};
    if (user.find(':') != std::string::npos)
        refuse("has a colon in the user's name");
    return "Basic " + encoding::base64_encode(user + ":" + password);
}

target read(CURLU* url) {
    target read;
    read.authorization = basic_authorization(url);
    for (const auto hidden : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT})
        curl_url_set(url, hidden, nullptr, 0);
    read.scheme = lower(part(url, CURLUPART_SCHEME));
    read.host = lower(part(url, CURLUPART_HOST));
    read.port = port_number(part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT));
    read.url = part(url, CURLUPART_URL);
    if (read.scheme != "http" && read.scheme != "https")
        refuse("must begin with http:// or https://");
    if (read.host.empty() || read.port == 0)
        refuse("names no host or port");
    return read;
}

} // namespace

std::string target::authority() const {
    const bool usual = port == (scheme == "https" ? 443 : 80);
    return usual ? host : host + ":" + std::to_string(port);
}

std::string target::redacted() const {
    const auto question = url.find('?');
    if (question == std::string::npos)
        return url;
    std::string text = url.substr(0, question);
    std::string_view rest = std::string_view(url).substr(question);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&', 1), rest.size());
        const auto pair = rest.substr(0, end);
        const auto equals = pair.find('=');
        // A pair without '=' may be a bare token, so it does not pass for a name.
        text += equals == std::string_view::npos ? pair.substr(0, 1) : pair.substr(0, equals + 1);
        if (pair.size() > 1)
            text += "REDACTED";
        rest.remove_prefix(end);
    }
    return text;
}

target parse_target(const std::string& url) {
    const auto parsed = make_url();
    assign(parsed.get(), url);
    return read(parsed.get());
}

target resolve(const target& base, const std::string& reference) {
    const auto parsed = make_url();
    assign(parsed.get(), base.url);
    assign(parsed.get(), reference);
    auto there = read(parsed.get());
    there.authorization.clear();
    return there;
}

bool same_origin(const target& a, const target& b) noexcept {
    return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

} // namespace infra::http
