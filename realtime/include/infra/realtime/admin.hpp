#pragma once

/// What operators see and do: JSON over HTTP, for `infra realtime` and for dashboards.
///
///     add_admin(routes, hub, {.allow = [key](const http::request& r) { return r.header("authorization") == key; }});
///
/// | | |
/// |---|---|
/// | `GET …/channels?prefix&after&limit` | `{"channels":[{"name","subscribers","epoch","offset","history_messages","history_bytes","published","dropped"}],"next"}` |
/// | `GET …/clients?user&channel&after&limit` | `{"clients":[{"id","user","remote_address","transport","channels","queued_bytes","dropped","since"}],"next"}` |
/// | `GET …/history?channel&epoch&offset&limit` | `{"complete","epoch","offset","messages"}` |
/// | `GET …/presence?channel` | `{"members":[{"user","info","connections","since"}],"users","connections"}` |
/// | `GET …/tail?channel&channel…&history` | a message a line, as clients hear them, until the caller goes; an empty line now and then |
/// | `POST …/publish {"channel","type","data"?,"key"?,"idempotency_key"?}` | `{"duplicate","subscribers","epoch","offset"}` |
/// | `POST …/disconnect {"client"}` or `{"user"}`, with `"code"?` | `{"disconnected"}`: how many there were here |
///
/// `next`, where it is not null, is what to give as `after` for the rest. Clients and subscribers are those of this node.

#include <infra/http_server/router.hpp>
#include <infra/realtime/hub.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace infra::realtime {

struct admin_options {
    std::string path = "/infra/realtime"; ///< of the pages
    /// Who may. Others are answered 401. Must be set: whoever comes in reads every channel and speaks in every one.
    std::function<bool(const http::request&)> allow{};
    std::size_t max_tails = 20; ///< at once; one more is answered 503
    /// What waits for one of them: the oldest makes room, and the reader is told by a `gap`.
    std::size_t max_tail_bytes = 1024 * 1024;
    std::chrono::milliseconds keep_alive{15'000}; ///< an empty line, when there is nothing to tell
};

namespace admin {
struct desk;
}

/// The pages that were added. Threads: any. Lifetime: copies share them; the routes keep them.
class admin_pages {
public:
    /// Ends the tails that are open, and opens no more: for a service that stops, since its HTTP server would wait for them.
    void stop() noexcept;

private:
    friend admin_pages add_admin(http::router& routes, hub of, admin_options options);
    explicit admin_pages(std::shared_ptr<admin::desk> desk) noexcept : desk_(std::move(desk)) {}
    std::shared_ptr<admin::desk> desk_;
};

/// A tail is a client of its channels like others: it is among the clients, "operator-…", and among the members of channels with presence.
///
/// Throws std::invalid_argument naming the bad option.
admin_pages add_admin(http::router& routes, hub of, admin_options options);

} // namespace infra::realtime
