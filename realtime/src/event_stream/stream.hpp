#pragma once

// One client that only listens. Its frames wait in an outbox, bounded as those of WebSockets are, until the coroutine that writes the response takes
// them out; what the id of an event says is where the client is once it has that event, and no further.

#include "places.hpp"

#include <infra/base/clock.hpp>
#include <infra/http_server/response.hpp>
#include <infra/realtime/connection.hpp>
#include <infra/realtime/event_stream.hpp>
#include <infra/realtime/outbox.hpp>
#include <infra/realtime/session.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::realtime::event_stream {

class stream;

/// The streams of one loop.
class stream_group final : public connection_group {
public:
    explicit stream_group(executor on) : executor_(std::move(on)) {}
    executor get_executor() const noexcept override { return executor_; }
    void flush() noexcept override;

    void wake_at_flush(const std::shared_ptr<stream>& s);

private:
    const executor executor_;
    std::vector<std::shared_ptr<stream>> to_wake_;
};

/// What a request has brought.
struct stream_request {
    handshake from{};
    identity who{};
    std::vector<wanted_channel> channels{};
    std::string last_event_id{};
};

class stream final : public connection, public std::enable_shared_from_this<stream> {
public:
    stream(std::shared_ptr<stream_group> group, stream_request asked, std::size_t max_queue_bytes,
           event_stream_options options, clock& time);

    /// Until the client goes or is closed.
    static awaitable<void> run(std::shared_ptr<stream> self, hub at, http::body_writer to);

    void send(const frame& f) override;
    void close(close_code code, std::string_view reason) override;
    std::shared_ptr<connection_group> group() const noexcept override { return group_; }
    std::size_t queued_bytes() const noexcept override { return queued_.load(std::memory_order_relaxed); }
    std::uint64_t dropped() const noexcept override { return dropped_.load(std::memory_order_relaxed); }

    void wake() noexcept;

private:
    struct ending {
        close_code code{};
        std::string reason{};
    };

    void open(const hub& at);
    void subscribe(const wanted_channel& to);
    std::string next_events();
    std::string event_of(const frame& f);
    std::string answer_to_event(const frame& f);
    std::string with_id(std::string_view type, std::string_view data);
    std::string farewell() const;
    awaitable<void> wait();
    awaitable<void> until_woken();
    void note_queued() noexcept;

    const std::shared_ptr<stream_group> group_;
    stream_request asked_;
    const event_stream_options options_;
    clock& time_;
    asio::steady_timer arrived_; // never by itself; cancelled to wake
    places places_;
    outbox out_;
    std::shared_ptr<session> session_;
    std::optional<ending> ending_;
    bool woken_ = false;
    bool silent_ = false; // for as long as keep_alive
    std::atomic<std::size_t> queued_{0};
    std::atomic<std::uint64_t> dropped_{0};
};

} // namespace infra::realtime::event_stream
