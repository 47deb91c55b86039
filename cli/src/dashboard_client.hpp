#pragma once

/// What the dashboard of a running service knows, for verbs.
///
///     const dashboard_client shop(co_await asio::this_coro::executor, access_to(place));
///     const auto page = co_await shop.get("/logs?limit=10");

#include "operator_access.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/json.hpp>

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace infra::cli {

/// The document of an answer of the dashboard's API. Throws refused, and errc::unavailable where a later try may be answered.
json::value dashboard_document(int status, std::string_view body);

/// Where the service's own paths begin: an address of a browser or a probe has one of them behind it. Throws refused.
std::string service_root(std::string url);

/// A download for a terminal: without what that would obey. Pieces may end anywhere, in a character, too.
class pieces_for_terminal {
public:
    std::string add(std::string_view piece);
    std::string rest();

private:
    std::string held_; // what the next piece may complete
};

/// The items of some pages.
struct listed {
    json::array items;
    bool more = false;
};

/// Errors:   as of dashboard_document(), and what the HTTP client throws.
/// Lifetime: until the awaitable it gave has ended.
class dashboard_client {
public:
    dashboard_client(executor ex, service_access at);

    /// Below /infra/api; a path with its query.
    awaitable<json::value> get(std::string path) const;
    /// At most `limit` of the items that it has, page by page.
    awaitable<listed> list(std::string path, service_query query, std::size_t limit) const;
    /// Acts as the page does, also where the service itself says who may.
    awaitable<json::value> send(http::method how, std::string path, json::value body) const;

    /// Writes what is no document, but to be kept: a download of the page. How many things the service has left out of it.
    awaitable<std::size_t> download(std::string path, std::ostream& into) const;

    /// The stream of a live topic, once the service has begun it.
    awaitable<http::client_stream> watch(std::string topic) const;

private:
    awaitable<bool> has_dashboard() const;
    awaitable<void> refuse_what_is_not_offered(int status, std::string_view body) const;
    awaitable<http::client_stream> opened(http::client_request request) const;

    const service_access at_;
    const http::client client_;
};

} // namespace infra::cli
