#pragma once

#include <infra/logging/record_sink.hpp>
#include <infra/realtime/feeds.hpp>
#include <infra/runtime/mailbox.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace infra::realtime::feeds {

message log_message(const logging::record_view& line);

/// About what a line takes while it waits.
std::size_t size_of(const logging::record_view& line) noexcept;

/// An output of a pipeline: lines wait here until the loop takes them.
///
/// Threads: take() and close() on the loop of the executor; the rest where the pipeline writes.
class log_lines final : public logging::record_sink {
public:
    log_lines(const executor& ex, log_feed_options options);

    outcome write(std::span<const logging::record_view> records) noexcept override;
    bool is_closed() const noexcept override;

    struct batch {
        std::vector<message> lines{};
        std::uint64_t dropped = 0; ///< behind them
    };
    awaitable<batch> take();
    void close();

private:
    struct waiting_line {
        message what{};
        std::size_t size = 0;
    };
    bool is_wanted(const logging::record_view& line) const;
    bool keep(const logging::record_view& line) noexcept;
    void drop() noexcept;

    const log_feed_options options_;
    const int process_; // whose loop takes them
    const mailbox<waiting_line> box_;
    std::atomic<std::size_t> bytes_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::atomic<bool> closed_{false};
};

} // namespace infra::realtime::feeds
