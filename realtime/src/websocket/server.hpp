#pragma once

// What the server's handles, its routes and its groups share.

#include "handshake_rate.hpp"
#include "loop_group.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/http_server/response.hpp>
#include <infra/http_server/router.hpp>
#include <infra/http_server/upgrade.hpp>
#include <infra/realtime/hub.hpp>
#include <infra/realtime/websocket.hpp>
#include <infra/runtime/promise.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace infra::realtime::detail {

/// Throws std::invalid_argument naming the option.
void check(const websocket_options& options);

/// Routes hold it weakly: with the last handle it goes, and its connections with it.
class websocket_state : public std::enable_shared_from_this<websocket_state> {
public:
    static std::shared_ptr<websocket_state> make(hub to, websocket_options options);
    websocket_state(hub to, websocket_options options);
    ~websocket_state();

    /// Whether this request becomes a WebSocket: the answer if it does not. Who it is, is left in request::attachment.
    static awaitable<std::optional<http::response>> examine(std::weak_ptr<websocket_state> server,
                                                            http::request& asked);
    static awaitable<void> accept(std::weak_ptr<websocket_state> server, http::upgrade up);

    static void mount(const std::shared_ptr<websocket_state>& self, const http::router& routes, std::string_view path);
    static awaitable<void> stop(std::shared_ptr<websocket_state> self, deadline limit);
    std::size_t connections() const noexcept { return terms_->connections; }
    websocket::server_terms& terms() noexcept { return *terms_; }

private:
    std::optional<http::response> refuse_at_once(const http::request& asked);
    std::shared_ptr<websocket::loop_group> group_on(const executor& loop);
    std::vector<std::shared_ptr<websocket::loop_group>> groups() const;
    awaitable<void> say_goodbyes(deadline limit);
    awaitable<void> wait_until_empty();
    void emptied();

    const hub hub_;
    const std::shared_ptr<websocket::server_terms> terms_;
    websocket::handshake_rate rate_;
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<websocket::loop_group>> groups_; // guarded by mutex_
    std::vector<promise<void>> waiting_;                         // guarded by mutex_
};

} // namespace infra::realtime::detail
