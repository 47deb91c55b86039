#pragma once

// One loop's share of a server: its connections, their deadlines, its caches. Everything happens on its executor, but for
// the functions that say otherwise.

#include "connection.hpp"
#include "exchange.hpp"
#include "serialize.hpp"
#include "server_state.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace infra::http::detail {

class lane : public std::enable_shared_from_this<lane> {
public:
    lane(executor ex, const server_options& options, std::size_t routes, clock& time);

    // --- from any thread ---
    const executor& get_executor() const noexcept { return executor_; }

    /// The same loop without the context: connections install their own around handlers, and plain sockets are cheaper.
    const executor& io_executor() const noexcept { return io_executor_; }

    void adopt(std::shared_ptr<server_state> server, std::unique_ptr<transport> through,
               const asio::ip::tcp::endpoint& peer, bool refused);
    void drain();
    void cut();

    // --- on the loop ---
    steady_time now() const noexcept { return time_.steady(); }
    std::string_view date() { return date_.at(time_.wall()); }
    detail::reporter& reporter() noexcept { return reporter_; }
    bool draining() const noexcept { return draining_; }
    void removed();

private:
    static awaitable<void> sweep(std::shared_ptr<lane> self);
    void start_sweeping();
    std::vector<connection_ptr> snapshot();

    executor executor_;
    executor io_executor_;
    clock& time_;
    std::chrono::milliseconds tick_;
    detail::reporter reporter_;
    date_cache date_;
    connection_list connections_;
    std::weak_ptr<server_state> server_;
    asio::cancellation_signal stop_sweeping_;
    bool sweeping_ = false;
    bool draining_ = false;
};

} // namespace infra::http::detail
