#pragma once

/// What a channel keeps, and what it does with those who cannot keep up.
///
///     hub_options{.channels = {{"room:*",  {.history = {.size = 100, .age = 5min}, .presence = true}},
///                              {"price:*", {.on_overflow = overflow::keep_latest}},
///                              {"*",       {.on_overflow = overflow::drop_oldest}}}}

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime {

/// For a client whose queue is at its bound (hub_limits::max_queue_bytes). What is dropped is counted, and the client is told by a
/// `gap` as soon as there is room: it never misses anything without knowing.
enum class overflow : std::uint8_t {
    close,       ///< disconnect with close_code::slow; with a history the client comes back and resumes
    drop_newest, ///< what comes does not go in
    drop_oldest, ///< what has waited longest on this channel makes room
    keep_latest, ///< of each key (publish_options::key; without one, of the channel) only the last one waits
};

/// How many messages of a channel are kept for those who come back. Both bounds hold. Nothing is kept at size 0.
struct history_options {
    std::size_t size =
        0; ///< messages, at most 100 000. With 1 only the latest counts: whoever comes back gets it, and has missed nothing
    std::chrono::milliseconds age{300'000}; ///< how long one is kept, and the history after its last message
    std::size_t max_bytes = 1024 * 1024;    ///< of all of them together
};

struct channel_options {
    history_options history{};              ///< what is kept for those who come back
    overflow on_overflow = overflow::close; ///< what becomes of a client that reads too slowly
    bool presence = false;                  ///< clients see each other: join, leave, who is there
    bool compress =
        true; ///< where the client can, and the message is worth it. Off for what holds secrets beside what others wrote
};

/// `pattern` is a channel's name, or ends in `*` for all that begin so. The first rule that fits a name holds.
struct channel_rule {
    std::string pattern{};
    channel_options options{};
};

/// The options for `name`; defaults where no rule fits.
const channel_options& options_for(const std::vector<channel_rule>& rules, std::string_view name) noexcept;

/// Counted by whoever drops a delivery: a connection's outbox. A copy goes on from where the original is.
///
/// Threads: any.
class drop_counter {
public:
    drop_counter() noexcept = default;
    drop_counter(const drop_counter& other) noexcept : count_(other.value()) {}
    drop_counter& operator=(const drop_counter& other) noexcept {
        count_.store(other.value(), std::memory_order_relaxed);
        return *this;
    }

    void add(std::uint64_t dropped = 1) const noexcept { count_.fetch_add(dropped, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    mutable std::atomic<std::uint64_t> count_{0};
};

/// A channel as those see it who deliver: constant while it lives, but for the counter.
struct channel_facts {
    std::string name{};
    channel_options options{};
    std::string epoch{}; ///< of its history; empty where none is kept
    drop_counter dropped{};
};

/// Names are 1 to `max_bytes` bytes of UTF-8 without control characters. True if it is one.
bool is_channel_name(std::string_view name, std::size_t max_bytes = 255) noexcept;

} // namespace infra::realtime
