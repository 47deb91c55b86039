#pragma once

// Who listens for an operator.

#include <infra/http_server/response.hpp>
#include <infra/realtime/hub.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::admin {

/// Lines that wait for a reader: the oldest make room, and a `gap` in their place tells how many of a channel have gone.
class waiting_lines {
public:
    explicit waiting_lines(std::size_t max_bytes) noexcept : max_bytes_(max_bytes) {}

    void push(const frame& f);
    /// The history tells a channel's messages up to there: they are not told again, whether they wait already or are still to come.
    void skip(const std::string& channel, std::uint64_t to);
    bool empty() const noexcept { return frames_.empty(); }
    /// All of them, each with its end.
    std::string take();

private:
    bool is_told(const frame_facts& f) const;

    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::deque<frame> frames_;
    std::map<std::string, std::uint64_t> told_; // by a channel's history
    std::map<std::string, std::pair<std::size_t, std::uint64_t>>
        dropped_; // how many of a channel, and the last one's offset
};

struct tail_wish {
    client_id id{};
    std::vector<std::string> channels{};
    std::size_t history = 0; ///< the newest so many of each, first
    std::size_t max_bytes = 0;
    std::chrono::milliseconds keep_alive{};
    std::shared_ptr<const std::atomic<bool>> over{}; ///< then it ends, as soon as its client is closed
};

/// Until the reader goes, or the hub does.
awaitable<void> tail(hub of, tail_wish wish, http::body_writer to);

} // namespace infra::realtime::admin
