#pragma once

/// What a program holds to write lines.
///
///     logging::logger auth({.module = "auth"});
///     auto request_log = auth.child({{"request_id", id}});
///     request_log.warn("wrong password", {{"attempts", attempts}});

#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/logging/pipeline.hpp>

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
    std::string module{};
    std::optional<logging::level> level{}; ///< unset: the pipeline's rule for this module
    json::object fields{};                 ///< on every line
    pipeline* to = nullptr;                ///< unset: default_pipeline()
};

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

    void debug(std::string_view message, fields f = {}, here where = here::current()) const noexcept {
        write(level::debug, message, f, where);
    }
    void info(std::string_view message, fields f = {}, here where = here::current()) const noexcept {
        write(level::info, message, f, where);
    }
    void warn(std::string_view message, fields f = {}, here where = here::current()) const noexcept {
        write(level::warn, message, f, where);
    }
    void error(std::string_view message, fields f = {}, here where = here::current()) const noexcept {
        write(level::error, message, f, where);
    }

    void write(level l, std::string_view message, fields f = {}, here where = here::current()) const noexcept;

private:
    explicit logger(std::shared_ptr<const detail::logger_core> core) noexcept : core_(std::move(core)) {}
    std::shared_ptr<const detail::logger_core> core_;
};

/// The logger of no module, over default_pipeline().
const logger& default_logger();

} // namespace infra::logging
