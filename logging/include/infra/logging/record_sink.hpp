#pragma once

/// Where lines go that want to stay what they are: typed values, not text. A journal, a collector, a test.
///
///     auto records = std::make_shared<logging::memory_record_sink>();
///     logging::pipeline out({.outputs = {{.to = logging::stdout_sink()}, {.records = records}}});
///     …
///     EXPECT_EQ(records->records().at(0).fields.at("attempts"), 3);
///
/// No text is made for such an output.

#include <infra/base/context.hpp>
#include <infra/base/field.hpp>
#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/time.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::logging {

struct record_field {
    std::string_view key; ///< UTF-8
    /// null, a boolean, a number, a text (of any bytes), a duration or a time.
    field_value value;
    bool is_json = false; ///< the value is a text, which is JSON: of an object, an exception, or a logger's own field
};

/// The value as a JSON line has it, in UTF-8.
json::value to_json(const record_field& f);

/// Where in the source a line was written. A view.
struct source_place {
    constexpr source_place() noexcept = default;
    constexpr source_place(std::string_view in, unsigned at) noexcept : file(in), line(at) {}
    constexpr source_place(const std::source_location& at) noexcept : file(at.file_name()), line(at.line()) {}

    std::string_view file{}; ///< as the compiler was given it; of a line that a durable ring kept, without its folders
    unsigned line = 0;       ///< 0: not known
};

/// A line as it was accepted: redacted, and below no level. Everything is a view for the time of the call it is given to.
struct record_view {
    wall_time time{};
    level severity = level::info;
    std::string_view module{}; ///< of any bytes, as the message; empty if none
    std::string_view message{};
    span_context span{};        ///< invalid if none
    std::uint64_t sequence = 0; ///< `log_sequence`; 0: none, since no durable ring is in use
    /// What a JSON line has after these, in that order and by the same rules: `request_id` first, each key once, the
    /// call's value before the logger's, a key like `message` with `_` appended. Without the source.
    std::span<const record_field> fields{};
    std::size_t left_out = 0; ///< fields that the call had beyond the first 128
    source_place where{};     ///< line 0: not asked for (pipeline_options::locate_from), or not known
};

/// Takes records.
///
/// Threads:  members are called by one thread at a time, not always the same.
/// Errors:   values. What was not taken is lost: the pipeline counts it and says so in the log once records go through
///           again.
/// Lifetime: shared by the pipelines that write to it.
class record_sink {
public:
    struct outcome {
        std::size_t taken = 0; ///< records from the front
        boost::system::error_code failure{};
    };

    virtual ~record_sink() = default;

    /// Hands over some records, at most 512 and in the order of their times. May block, must end by itself, and must not
    /// log.
    virtual outcome write(std::span<const record_view> records) noexcept = 0;

    /// False while write() would refuse. Asked before it is told of what it refused, which else would be one record more
    /// that it refuses.
    virtual bool has_room() const noexcept { return true; }

    /// True once nothing will be taken any more, which is not to count as a loss: the pipeline then lets go of the sink.
    /// True in the child after a fork as well, if what empties the sink is not there.
    virtual bool is_closed() const noexcept { return false; }
};

struct memory_record_sink_options {
    std::size_t max_records = 100'000; ///< the oldest go first
};

/// Keeps records for tests to read. Threads: any member from any thread.
class memory_record_sink final : public record_sink {
public:
    struct record {
        wall_time time{};
        level severity = level::info;
        std::string module{}, message{};
        span_context span{};
        std::uint64_t sequence = 0;
        json::object fields{};
        std::size_t left_out = 0;
        std::string file{}; ///< of the source; empty if none
        unsigned line = 0;
    };

    explicit memory_record_sink(memory_record_sink_options options = {}) : max_records_(options.max_records) {}

    outcome write(std::span<const record_view> records) noexcept override;

    std::vector<record> records() const;
    void clear();

private:
    const std::size_t max_records_;
    mutable std::mutex mutex_;
    std::deque<record> records_; // guarded by mutex_
};

} // namespace infra::logging
