#pragma once

// Many clients of one channel, for `infra realtime bench`.

#include <infra/base/awaitable.hpp>
#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::cli {

/// How long things took, to within 7%, in a table of fixed size. Pure.
class latency_table {
public:
    void add(std::chrono::nanoseconds took) noexcept;
    std::uint64_t count() const noexcept { return count_; }
    /// The smallest time within which so many of all were, 0 < share <= 1; zero of none.
    std::chrono::nanoseconds within(double share) const noexcept;
    std::chrono::nanoseconds longest() const noexcept { return longest_; }

private:
    static constexpr std::size_t steps = 16;              // of each power of two
    static double upper_end(std::size_t bucket) noexcept; // in nanoseconds
    std::array<std::uint64_t, 64 * steps> buckets_{};
    std::uint64_t count_ = 0;
    std::chrono::nanoseconds longest_{};
};

struct load_options {
    std::string host{};
    std::string port{};
    std::string target = "/ws";
    std::string token{}; ///< of a client; empty: none
    std::string channel = "bench";
    std::size_t clients = 100;
    double rate = 50; ///< publications a second
    std::size_t bytes = 128;
    std::chrono::milliseconds time = std::chrono::seconds(5);
    std::chrono::milliseconds patience = std::chrono::seconds(30); ///< for all clients to be there
    /// Publishes this as the data of a message in the channel.
    std::function<awaitable<void>(json::value)> publish{};
};

struct load_result {
    std::size_t clients = 0; ///< that were there until the end
    std::size_t published = 0;
    std::uint64_t expected = 0; ///< deliveries
    std::uint64_t delivered = 0;
    std::chrono::nanoseconds took{}; ///< from the first publication to the last delivery
    latency_table latency{};
};

/// Connects, subscribes, publishes, counts, and goes. Throws infra::error with errc::unavailable when not all clients come in.
awaitable<load_result> run_load(load_options options);

/// "ws://host:port/path" or http; empty for anything else, `wss` too.
struct load_target {
    std::string host{};
    std::string port{};
    std::string path{};
    friend bool operator==(const load_target&, const load_target&) = default;
};
std::optional<load_target> parse_load_target(std::string_view url);

} // namespace infra::cli
