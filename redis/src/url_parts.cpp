// The parts of a URL, and what is wrong with it as a whole.

#include "url.hpp"

#include <infra/base/error.hpp>

namespace infra::redis::detail {

void refuse_url(std::string_view problem) {
    throw error(infra::errc::invalid_input, "the URL of Redis " + std::string(problem));
}

namespace {

// What / ? or # cuts off a password would be taken for a host or a name, and those are shown.
void refuse_pieces_of_a_password(std::string_view url, const url_parts& parts) {
    if (url.find('#') != std::string_view::npos)
        refuse_url("has a #; percent-encode it as %23");
    if (parts.place.starts_with('/') && parts.place.find('@') != std::string_view::npos)
        refuse_url("has an @ in its path; percent-encode it as %40");
    if (parts.place.find('@') != std::string_view::npos || parts.query.find('@') != std::string_view::npos)
        refuse_url(
            "has an @ behind its host; percent-encode it as %40, and / ? and # in a password as %2F, %3F and %23");
}

} // namespace

url_parts split(std::string_view url) {
    for (const char c : url)
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
            refuse_url("has a space or a control character; percent-encode it");
    url_parts out;
    const auto colon = url.find("://");
    if (colon == std::string_view::npos)
        refuse_url("has no scheme; it must begin with redis://, rediss://, unix://, redis+sentinel:// or "
                   "redis+cluster://");
    out.scheme = url.substr(0, colon);
    auto rest = url.substr(colon + 3);
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
    refuse_pieces_of_a_password(url, out);
    return out;
}

} // namespace infra::redis::detail
