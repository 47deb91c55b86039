#pragma once

// From lines to sinks: each output has its format and its lowest level.

#include "record_batch.hpp"
#include "render.hpp"

#include <infra/logging/pipeline.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace infra::logging::detail {

/// A way to write a line. Outputs of equal style share its rendering.
struct style {
    bool pretty = false;
    bool colours = false;
    friend bool operator==(const style&, const style&) = default;
};
inline constexpr std::size_t max_styles = 3; // JSON, pretty, pretty in colours

inline constexpr std::size_t bytes_a_write = 64 * 1024;
inline constexpr std::size_t kept_memory = 256 * 1024; // between writes

/// Lines on their way, in each of the styles, and as they are.
struct batch {
    struct mark {
        level severity;
        std::array<std::size_t, max_styles> end; // in text, by style
    };
    std::array<line_buffer, max_styles> text;
    std::vector<mark> marks; // one a line, if some output wants only some levels
    record_batch records;    // if some output wants them
    std::array<std::uint64_t, 4> by_level{};
    std::uint64_t dropped = 0; // after the last of the lines

    std::size_t bytes() const noexcept { return text[0].size() + text[1].size() + text[2].size() + records.weight(); }
    std::uint64_t lines() const noexcept { return by_level[0] + by_level[1] + by_level[2] + by_level[3]; }
    void clear(std::size_t keep_capacity);
};

/// One thread at a time, which the pipeline sees to.
class delivery {
public:
    explicit delivery(const pipeline_options& options);

    std::span<const style> styles() const noexcept { return styles_; }
    bool wants_marks() const noexcept { return wants_marks_; }
    bool wants_records() const noexcept { return wants_records_; }

    /// Between two batches. Throws bad_alloc, and then has changed nothing.
    void add(const output& o);

    /// Adds a line in each style. Throws bad_alloc, and then adds nothing.
    void append(batch& b, const line& l);

    void deliver(batch& b) noexcept;

    /// To one of the destinations, and what it took last if that can be read back and has numbers.
    void deliver_to(std::size_t destination, batch& b) noexcept;
    std::optional<std::string> tail_of(std::size_t destination, std::size_t bytes) const;
    std::size_t destinations() const noexcept { return destinations_.size(); }
    level lowest_of(std::size_t destination) const noexcept { return destinations_[destination].from; }

    std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

private:
    struct destination { // to one of both
        std::shared_ptr<sink> to;
        std::shared_ptr<record_sink> records;
        std::size_t style;
        level from;
        std::uint64_t untold_lost = 0;
        std::uint64_t untold_dropped = 0;
        bool failing = false;
    };

    void deliver(destination& d, batch& b) noexcept;
    void let_go_of_the_closed() noexcept;
    std::size_t style_index(const output& o);
    std::string_view selected(const batch& b, const destination& d);
    void write(destination& d, std::string_view lines) noexcept;
    void write(destination& d, std::span<const record_view> records) noexcept;
    void account(destination& d, std::uint64_t refused, const boost::system::error_code& why) noexcept;
    void tell(destination& d, std::string_view message, std::uint64_t& count);
    static bool take(sink& to, const line& l, const style& as);
    static bool take(record_sink& to, const line& l);
    static void render(line_buffer& to, const line& l, const style& as);

    const clock& time_;
    const bool colours_;
    std::vector<style> styles_;
    std::vector<destination> destinations_;
    bool wants_marks_ = false;
    bool wants_records_ = false;
    std::string scratch_;
    std::atomic<std::uint64_t> lost_{0};
};

} // namespace infra::logging::detail
