#pragma once

// The stream of server-sent events that a page keeps open: one event for each topic it looks at, whenever that has changed.

#include "board.hpp"

#include <infra/base/clock.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::dashboard {

/// Costs nothing while nobody looks. A value is made once a second for all who look at it; of each topic at most one event waits for a
/// viewer: a newer value takes its place, and pieces are not asked for until the last ones were sent. So a slow viewer holds at most
/// an event of each topic.
///
/// A page that goes and comes back names itself (`tab`): its former stream ends at once, not when it is noticed that nobody reads it.
///
/// Threads: open() and stop() from any; topics are added before.
class live {
public:
    static constexpr std::size_t most_topics = 16;
    static constexpr std::size_t longest_topic = 512;
    static constexpr std::size_t longest_event = 512 * 1024;
    static constexpr std::size_t most_pieces = 125; ///< at once: 500 a second

    live(clock& time, std::size_t max_viewers);

    void add(std::string topic, board::part_of_live value);
    void add_pieces(std::string topic, board::more_pieces more);

    /// The stream, or 400 for topics that nobody can look at, 503 for too many viewers or after stop(). `welcome` is asked with each
    /// heartbeat, on the viewer's loop: once it says no, the stream ends.
    http::response open(std::vector<std::string> topics, std::string tab, std::function<bool()> welcome = {});

    /// Ends all, and opens no more.
    void stop() noexcept;

    std::size_t viewers() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

/// `event: topic`, `data: text`, and the blank line; neither holds a line break.
std::string event_of(std::string_view topic, std::string_view text);

} // namespace infra::dashboard
