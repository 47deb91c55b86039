#pragma once

/// What a program holds to write lines.
///
///     logging::logger auth({.module = "auth"});
///     auto request_log = auth.child({{"request_id", id}});
///     request_log.warn("wrong password", {{"attempts", attempts}});

#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/logging/pipeline.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace infra::logging {

namespace detail {
struct logger_core;
}

struct logger_options {
    std::string module{};                  ///< which part of the program speaks
    std::optional<logging::level> level{}; ///< unset: the pipeline's rule for this module
    json::object fields{};                 ///< on every line
    pipeline* to = nullptr;                ///< unset: default_pipeline()
};

class limited_logger;

/// A module's name and the fields that all its lines carry.
///
/// Threads:  any member from any thread.
/// Errors:   none; a line that cannot be written is counted (pipeline_counts).
/// Lifetime: a cheap handle to copy. Needs neither its parent nor its pipeline object to live on.
class logger {
public:
    explicit logger(logger_options options = {});
    logger(const logger&) = default; // moving copies: a logger can always be used
    logger& operator=(const logger&) = default;

    /// A logger with `more` on each line, rendered here once; a key that is there already gets the new value. A text
    /// field called `module` names the child's module instead.
    [[nodiscard]] logger child(fields more) const;

    std::string_view module() const noexcept;

    /// True if a line of this level would be written: guards fields that are costly to make.
    bool enabled(level l) const noexcept;

    using here = std::source_location;

    void debug(std::string_view message, const fields& f = {}, here where = here::current()) const noexcept {
        write(level::debug, message, f, where);
    }
    void info(std::string_view message, const fields& f = {}, here where = here::current()) const noexcept {
        write(level::info, message, f, where);
    }
    void warn(std::string_view message, const fields& f = {}, here where = here::current()) const noexcept {
        write(level::warn, message, f, where);
    }
    void error(std::string_view message, const fields& f = {}, here where = here::current()) const noexcept {
        write(level::error, message, f, where);
    }

    void write(level l, std::string_view message, const fields& f = {}, here where = here::current()) const noexcept;

    /// The same calls, of which from this place in the source only the first is written, and then one in each period, or
    /// the first of each `n`. A line says how many there were since the one before: `"left_out":41`. All loggers and
    /// threads share the place.
    ///
    ///     log.once_every(10s).warn("cache is slow", {{"took", took}});
    limited_logger once_every(std::chrono::nanoseconds period, here place = here::current()) const noexcept;
    limited_logger one_in(std::uint64_t n, here place = here::current()) const noexcept;

private:
    friend class limited_logger;
    explicit logger(std::shared_ptr<const detail::logger_core> core) noexcept : core_(std::move(core)) {}
    std::shared_ptr<const detail::logger_core> core_;
};

/// What logger::once_every() and one_in() give; to be used at once.
class limited_logger {
public:
    void debug(std::string_view message, const fields& f = {}) const noexcept { write(level::debug, message, f); }
    void info(std::string_view message, const fields& f = {}) const noexcept { write(level::info, message, f); }
    void warn(std::string_view message, const fields& f = {}) const noexcept { write(level::warn, message, f); }
    void error(std::string_view message, const fields& f = {}) const noexcept { write(level::error, message, f); }
    void write(level l, std::string_view message, const fields& f = {}) const noexcept;

private:
    friend class logger;
    limited_logger(const logger& to, std::chrono::nanoseconds period, std::uint64_t n, std::source_location at) noexcept
        : to_(to), period_(period), n_(n), place_(at) {}

    const logger& to_;
    const std::chrono::nanoseconds period_;
    const std::uint64_t n_; // 0: by period
    const std::source_location place_;
};

inline limited_logger logger::once_every(std::chrono::nanoseconds period, here place) const noexcept {
    return {*this, period, 0, place};
}
inline limited_logger logger::one_in(std::uint64_t n, here place) const noexcept {
    return {*this, {}, n == 0 ? 1 : n, place};
}

/// The logger of no module, over default_pipeline().
const logger& default_logger();

} // namespace infra::logging
