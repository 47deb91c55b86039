#pragma once

// The connections of one loop, and what they share: one buffer to receive into, one timer, one list of those that have something to write.

#include "../session/budget.hpp"
#include "frame_reader.hpp"
#include "timing_wheel.hpp"

#include <infra/base/clock.hpp>
#include <infra/realtime/connection.hpp>
#include <infra/realtime/websocket.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive/list.hpp>

#include <sys/uio.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace infra::realtime::websocket {

class peer;

constexpr std::size_t max_pieces = 64;

/// What all connections of a server go by. Constant while there are any, but for the count.
struct server_terms {
    websocket_options options{};
    std::size_t max_queue_bytes = 0;
    detail::rate small_frames{}; ///< that are no message: pings, pongs, empty fragments
    reader_limits reading{};
    clock* time = nullptr;
    std::atomic<std::size_t> connections{0};
    /// Sees each text and binary message first; true: the session does not. For tests of the protocol beneath.
    std::function<bool(peer&, const event&)> before_session{};
    std::function<void()> emptied{}; ///< whenever the last connection has gone; any loop
};

template <class Tag>
using list_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                                   boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
struct in_group; ///< every connection of the loop
struct in_flush; ///< those with something to write

/// Threads:  get_executor(), post_cut(), post_goodbyes() from any; the rest on the executor.
/// Lifetime: owned by its connections, and by the server. A loop that ends takes the sockets along, whoever still holds a connection.
class loop_group final : public connection_group, public std::enable_shared_from_this<loop_group> {
public:
    static std::shared_ptr<loop_group> make(const executor& on, std::shared_ptr<server_terms> terms);
    loop_group(const executor& on, std::shared_ptr<server_terms> terms);
    ~loop_group() override;

    executor get_executor() const noexcept override { return executor_; }
    void flush() noexcept override;

    /// Carries no context: what a connection does is nobody's request.
    const executor& io_executor() const noexcept { return io_executor_; }
    const server_terms& terms() const noexcept { return *terms_; }
    std::span<char> input() noexcept { return input_; }
    /// For one gathered write.
    std::span<std::string_view> pieces() noexcept { return pieces_; }
    std::span<iovec> parts() noexcept { return parts_; }
    steady_time now() const noexcept { return terms_->time->steady(); }

    void add(peer& p);
    void remove(peer& p) noexcept;
    void flush_later(peer& p) noexcept;
    /// The same, where no flush() is known to come.
    void flush_soon(peer& p);
    void schedule(timed& t, std::chrono::nanoseconds from_now) noexcept {
        wheel_.schedule(t, saturating_add(now(), from_now));
    }
    /// Between three quarters and the whole of it, so that those who came together are not pinged together for ever.
    std::chrono::nanoseconds spread(std::chrono::nanoseconds whole) noexcept;

    /// Cuts them all.
    void post_cut();
    /// Tells one in `share` of those who have not been told to come back after up to `within`.
    void post_goodbyes(std::size_t share, std::chrono::milliseconds within);

    /// The loop has ended: nothing of Asio's may be left.
    void abandon() noexcept;

private:
    static awaitable<void> keep_time(std::shared_ptr<loop_group> self);
    void start_keeping_time();
    void say_goodbyes(std::size_t share, std::chrono::milliseconds within);
    std::vector<std::shared_ptr<peer>> all();

    struct lists;

    const executor executor_;
    const executor io_executor_;
    const std::shared_ptr<loop_gate> gate_;
    const std::shared_ptr<server_terms> terms_;
    std::vector<char> input_;
    std::array<std::string_view, max_pieces> pieces_{};
    std::array<iovec, max_pieces> parts_{};
    std::unique_ptr<lists> lists_;
    timing_wheel wheel_;
    asio::cancellation_signal stop_keeping_time_;
    bool timer_spawned_ = false;
    bool keeping_time_ = false; // and it has begun
    bool flush_posted_ = false;
    unsigned turn_ = 0;
};

} // namespace infra::realtime::websocket
