#pragma once

// The newest lines of the log, kept to be searched: so many bytes, whatever lines there are. The thread that writes the log copies
// values as they are (about 100 ns a line, ./bench dashboard); who looks makes text of them, and holds nobody up.
//
// Bytes of a segment never change once they were published, so readers need the lock for a list of pointers only.

#include <infra/base/context.hpp>
#include <infra/base/field.hpp>
#include <infra/base/time.hpp>
#include <infra/logging/record_sink.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace infra::dashboard {

/// A line that is kept. Views into its segment.
struct kept_line {
    std::uint64_t id = 0; ///< one more than the line before
    wall_time time{};
    level severity = level::info;
    std::string_view module{};
    std::string_view message{};
    trace_id trace{};
    span_id span{};
    std::uint64_t sequence = 0; ///< of a durable ring; 0: none
    logging::source_place where{};
    std::size_t left_out = 0; ///< fields that are not here
    bool cut = false;         ///< of what was very long only the beginning is here
    std::string_view encoded{};
    std::size_t field_count = 0;
};

/// Calls `each(const logging::record_field&)` in order; one that returns false ends it.
class kept_fields {
public:
    explicit kept_fields(const kept_line& of) noexcept : rest_(of.encoded), left_(of.field_count) {}
    bool next(logging::record_field& into) noexcept;

private:
    std::string_view rest_;
    std::size_t left_;
};

/// What is kept of the log at one moment; stays as it is while it is held.
class log_view {
public:
    bool empty() const noexcept { return segments_.empty(); }
    std::uint64_t first() const noexcept; ///< id of the oldest line; 0: there is none
    std::uint64_t last() const noexcept;  ///< of the newest
    std::size_t bytes() const noexcept;
    wall_time since() const noexcept; ///< when the oldest line was written

    /// Calls `visit(line)` for lines with ids below `before`, newest first, until it returns false.
    template <class Visit>
    void newest_first(std::uint64_t before, Visit visit) const {
        for (auto each = segments_.rbegin(); each != segments_.rend(); ++each)
            if (each->first < before && !each->newest_first(before, visit))
                return;
    }

    /// Calls `visit(line)` for lines with ids above `after`, oldest first, until it returns false.
    template <class Visit>
    void oldest_first(std::uint64_t after, Visit visit) const {
        for (const auto& each : segments_)
            if (each.first + each.lines > after + 1 && !each.oldest_first(after, visit))
                return;
    }

private:
    friend class log_ring;
    struct segment {
        std::shared_ptr<const char[]> bytes;
        std::size_t used = 0;
        std::size_t room = 0;
        std::uint64_t first = 0; // id
        std::size_t lines = 0;

        template <class Visit>
        bool newest_first(std::uint64_t before, Visit& visit) const {
            auto end = used;
            for (auto id = first + lines; id-- > first;) {
                end = begin_of(end);
                if (id < before && !visit(read(end, id)))
                    return false;
            }
            return true;
        }
        template <class Visit>
        bool oldest_first(std::uint64_t after, Visit& visit) const {
            std::size_t at = 0;
            for (auto id = first; id < first + lines; ++id) {
                if (id > after && !visit(read(at, id)))
                    return false;
                at = end_of(at);
            }
            return true;
        }
        std::size_t begin_of(std::size_t end) const noexcept;
        std::size_t end_of(std::size_t begin) const noexcept;
        kept_line read(std::size_t at, std::uint64_t id) const noexcept;
    };
    std::vector<segment> segments_; // oldest first
};

/// Threads:  write() as a record_sink's; look() from any thread.
/// Errors:   without memory a line is refused, and counted by the pipeline.
class log_ring final : public logging::record_sink {
public:
    /// At least 16 KiB are kept.
    explicit log_ring(std::size_t max_bytes);

    outcome write(std::span<const logging::record_view> records) noexcept override;

    log_view look() const;
    std::uint64_t newest() const noexcept; ///< its id; 0: none
    std::size_t room() const noexcept { return max_bytes_; }

    /// What a line's texts may have together; of the rest `cut` tells.
    static constexpr std::size_t longest_line = 256 * 1024;

private:
    void put(const logging::record_view& r);
    void begin_segment(std::size_t at_least);
    void publish() noexcept;

    const std::size_t max_bytes_;
    const std::size_t segment_bytes_;
    // The writer's:
    std::shared_ptr<char[]> writing_;
    std::size_t writing_room_ = 0;
    std::size_t used_ = 0;
    std::size_t lines_ = 0;
    std::uint64_t next_id_ = 1;

    mutable std::mutex mutex_;
    std::deque<log_view::segment> segments_; // guarded by mutex_, as is the sum of their room
    std::size_t bytes_ = 0;
};

} // namespace infra::dashboard
