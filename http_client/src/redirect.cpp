#include "redirect.hpp"

#include <infra/base/error.hpp>
#include <infra/http_client/client_errc.hpp>

#include <utility>

namespace infra::http {
namespace {

bool is_redirect(int status) noexcept {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// 301 and 302 ought to keep the method, but no browser has ever done so for POST.
bool becomes_get(method m, int status) noexcept {
    if (status == 303)
        return m != method::get && m != method::head;
    return m == method::post && (status == 301 || status == 302);
}

target destination(const outgoing& sent, std::string_view location) {
    try {
        return resolve(sent.to, std::string(location));
    } catch (const error&) {
        throw error(client_errc::redirect, sent.name() + ": redirected to a URL that is malformed or not http(s)");
    }
}

void drop_body(outgoing& request) {
    request.body = {};
    request.source = nullptr;
    for (const auto* name : {"content-type", "content-encoding", "content-language", "content-location", "digest"})
        request.headers.remove(name);
}

void drop_secrets(outgoing& request) {
    for (const auto* name : {"authorization", "proxy-authorization", "cookie", "host"})
        request.headers.remove(name);
}

} // namespace

std::string outgoing::name() const { return std::string(to_string(method)) + " " + to.authority(); }

std::optional<outgoing> redirected(outgoing& sent, int status, const headers& response) {
    const auto location = response.get("location");
    if (!is_redirect(status) || !location)
        return std::nullopt;
    auto to = destination(sent, *location);
    if (sent.to.scheme == "https" && to.scheme != "https")
        throw error(client_errc::redirect, sent.name() + ": redirected from https to http, which is not followed");
    const bool to_get = becomes_get(sent.method, status);
    if (sent.source && !to_get)
        throw error(client_errc::redirect,
                    sent.name() + ": redirected, and a body from a source cannot be sent a second time");
    const bool stays = same_origin(sent.to, to);
    outgoing next{sent.method,          std::move(to),          std::move(sent.headers),
                  std::move(sent.body), std::move(sent.source), sent.source_size,
                  sent.fresh_connection};
    if (to_get) {
        next.method = method::get;
        drop_body(next);
    }
    if (!stays)
        drop_secrets(next);
    return next;
}

} // namespace infra::http
