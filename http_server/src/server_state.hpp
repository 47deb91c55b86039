#pragma once

// What a server's handle, its lanes and its connections share.

#include "cors.hpp"
#include "event.hpp"
#include "forwarded.hpp"
#include "route_table.hpp"
#include "transport.hpp"

#include <infra/base/clock.hpp>
#include <infra/http_server/options.hpp>
#include <infra/http_server/router.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace infra::http::detail {

class lane;

/// Throws std::invalid_argument naming the option.
void check(const server_options& options);

/// Its life: cold -> listening -> serving -> stopping -> finished. Every connection, sweeper and the accept loop is a
/// user; whoever leaves last after stopping began, finishes it.
class server_state : public std::enable_shared_from_this<server_state> {
public:
    server_state(std::vector<executor> loops, router routes, server_options options, clock& time);
    ~server_state();

    void listen();
    static awaitable<void> run(std::shared_ptr<server_state> self);
    void stop_accepting() noexcept;
    static awaitable<void> stop(std::shared_ptr<server_state> self, deadline limit);

    /// Closes everything as soon as the loops get to it.
    void abandon() noexcept;

    std::uint16_t port() const noexcept { return port_; }
    std::string url() const;
    std::size_t connections() const noexcept { return connections_; }

    const server_options& options() const noexcept { return options_; }
    const route_table& routes() const noexcept { return *routes_; }
    bool streams_bodies() const noexcept { return routes_->streams_bodies(); }
    const networks& trusted() const noexcept { return trusted_; }
    const std::optional<cors_policy>& cors() const noexcept { return cors_; }
    clock& time() const noexcept { return time_; }
    bool secure() const noexcept { return options_.tls.has_value(); }

    void enter() noexcept { ++users_; }
    void leave() noexcept;
    void connection_closed() noexcept;

private:
    static awaitable<void> accept(std::shared_ptr<server_state> self);
    awaitable<bool> accept_one();
    void deal_out(tcp_socket socket);
    void start_accepting();
    void begin_stop() noexcept;
    void close_door() noexcept; // under starting_
    void cut() noexcept;

    server_options options_;
    std::shared_ptr<route_table> routes_;
    networks trusted_;
    std::optional<cors_policy> cors_;
    clock& time_;
    std::vector<std::shared_ptr<lane>> lanes_;
    std::shared_ptr<tls_acceptor> tls_;
    std::optional<asio::ip::tcp::acceptor> acceptor_; // after listen(): the first lane's executor only
    asio::cancellation_signal stop_accepting_;        // the first lane's executor only
    std::size_t turn_ = 0;                            // the first lane's executor only
    std::atomic<std::uint16_t> port_{0};
    std::atomic<std::size_t> connections_{0};
    std::atomic<std::size_t> users_{0};
    std::atomic<bool> closed_{false}; // nobody is let in any more
    std::atomic<bool> stopping_{false};
    std::mutex starting_;
    bool ran_ = false;           // guarded by starting_
    bool stays_open_ = false;    // for those who are in; guarded by starting_
    std::exception_ptr failure_; // of the accept loop; written before finished_ is set, read after
    event finished_;
};

} // namespace infra::http::detail
