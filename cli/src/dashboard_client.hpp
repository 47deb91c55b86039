#pragma once

/// What the dashboard of a running service knows, for verbs.
///
///     const dashboard_client shop(co_await asio::this_coro::executor, access_to(place));
///     const auto page = co_await shop.get("/logs?limit=10");

#include "operator_access.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/json.hpp>

#include <iosfwd>

namespace infra::cli {

/// The document of an answer of the dashboard's API. Throws refused, and errc::unavailable where a later try may be answered.
json::value dashboard_document(int status, std::string_view body);

/// Errors:   as of dashboard_document(), and what the HTTP client throws.
/// Lifetime: until the awaitable it gave has ended.
class dashboard_client {
public:
    dashboard_client(executor ex, service_access at);

    /// Below /infra/api; a path with its query.
    awaitable<json::value> get(std::string path) const;
    /// Acts as the page does, also where the service itself says who may.
    awaitable<json::value> send(http::method how, std::string path, json::value body) const;

    /// Writes what is no document, but to be kept: a download of the page.
    awaitable<void> download(std::string path, std::ostream& into) const;

    /// The stream of a live topic, once the service has begun it.
    awaitable<http::client_stream> watch(std::string topic) const;

private:
    const service_access at_;
    const http::client client_;
};

} // namespace infra::cli
