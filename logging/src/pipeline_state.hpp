#pragma once

// What loggers and pipeline objects share. Three parts that know little of each other, so that each can be replaced:
// rendering (render.hpp, pure), transport (a bounded buffer and the thread that empties it), delivery (sinks).

#include "render.hpp"

#include <infra/logging/pipeline.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace infra::logging::detail {

/// A way to write a line. Outputs of equal style share its rendering.
struct style {
    bool pretty = false;
    bool colours = false;
    friend bool operator==(const style&, const style&) = default;
};
inline constexpr std::size_t max_styles = 3; // JSON, pretty, pretty in colours

/// Lines on their way, in each of the styles.
struct batch {
    struct mark {
        level severity;
        std::array<std::size_t, max_styles> end; // in text, by style
    };
    std::array<std::string, max_styles> text;
    std::vector<mark> marks; // one a line, if some output wants only some levels
    std::array<std::uint64_t, 4> by_level{};
    std::uint64_t dropped = 0; // after the last of the lines

    std::size_t bytes() const noexcept { return text[0].size() + text[1].size() + text[2].size(); }
    std::uint64_t lines() const noexcept { return by_level[0] + by_level[1] + by_level[2] + by_level[3]; }
    void clear(std::size_t keep_capacity);
};

using texts = std::array<std::string_view, max_styles>;

/// The sinks' side. One thread at a time, which the transport sees to.
class delivery {
public:
    explicit delivery(const pipeline_options& options);

    std::span<const style> styles() const noexcept { return styles_; }
    bool wants_marks() const noexcept { return wants_marks_; }

    void deliver(const batch& b) noexcept;
    std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

private:
    struct destination {
        std::shared_ptr<sink> to;
        std::size_t style;
        level from;
        std::uint64_t untold_lost = 0;
        std::uint64_t untold_dropped = 0;
        bool failing = false;
    };

    std::size_t style_index(const output& o, bool colours);
    std::string_view selected(const batch& b, const destination& d);
    bool write(destination& d, std::string_view lines) noexcept;
    void tell(destination& d, std::string_view message, std::uint64_t& count);

    clock& time_;
    std::vector<style> styles_;
    std::vector<destination> destinations_;
    bool wants_marks_ = false;
    std::string scratch_;
    std::atomic<std::uint64_t> lost_{0};
};

class pipeline_state : public std::enable_shared_from_this<pipeline_state> {
public:
    explicit pipeline_state(pipeline_options options);

    clock& time() const noexcept { return *options_.time; }

    bool enabled(level l, std::string_view module) const noexcept {
        const auto* rules = rules_.load(std::memory_order_acquire);
        return l >= (rules->modules.empty() ? rules->fallback : rules->of(module));
    }
    void set_levels(level_rules levels);

    void write(const log_record& record, const rendered_fields& of_logger) noexcept;
    void count_dropped() noexcept;

    bool flush(deadline limit) noexcept;
    bool close(deadline limit) noexcept;
    pipeline_counts counts() const noexcept;

private:
    void submit(level severity, const texts& line);
    bool has_room(std::size_t bytes) const noexcept;
    bool wait_for_room(std::unique_lock<std::mutex>& lock, std::size_t bytes);
    void append(level severity, const texts& line);
    void deliver_pending(std::unique_lock<std::mutex>& lock);
    bool has_thread();
    void run() noexcept;
    bool nap(std::unique_lock<std::mutex>& lock);
    void hand_over(const batch& b) noexcept;
    template <class Condition>
    bool wait_until(std::unique_lock<std::mutex>& lock, deadline limit, Condition met);

    const pipeline_options options_;

    std::mutex rules_mutex_;
    std::vector<std::unique_ptr<const level_rules>> all_rules_; // readers hold no count, so none is ever freed
    std::atomic<const level_rules*> rules_;

    mutable std::mutex mutex_;
    std::condition_variable work_;    // for the thread
    std::condition_variable room_;    // for callers
    std::condition_variable written_; // for flush() and close()
    // All guarded by mutex_:
    batch pending_;
    std::uint64_t accepted_ = 0;
    std::uint64_t done_ = 0; // delivered, or lost
    std::uint64_t dropped_ = 0;
    std::uint64_t lost_before_ = 0; // the last flush()
    bool synchronous_ = false;
    bool stalled_ = false; // a caller waited in vain and no room was made since
    bool asleep_ = false;  // the thread needs a notification
    bool hurry_ = false;   // the thread should not nap
    bool closing_ = false;
    unsigned idle_naps_ = 0;
    std::thread thread_;
    std::thread::id writer_;

    std::mutex delivery_mutex_;
    delivery delivery_; // guarded by delivery_mutex_
};

/// The one that telemetry::log() reaches, or null.
pipeline_state* installed() noexcept;
void install(std::shared_ptr<pipeline_state> state);
void uninstall(const pipeline_state* state) noexcept;

/// Reports lines to telemetry's metrics.
void count_lines(const batch& b, std::uint64_t lost) noexcept;

} // namespace infra::logging::detail
