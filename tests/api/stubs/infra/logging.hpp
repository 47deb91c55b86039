#pragma once

/// Structured logs: one JSON object a line.
///
///     infra::log::info("server started", {{"port", 3000}});
///     infra::logging::logger auth({.module = "auth"});
///     auto request_log = auth.child({{"request_id", id}});
///     request_log.warn("wrong password", {{"attempts", attempts}});

#include <infra/base.hpp>

namespace infra::logging {

enum class level { debug, info, warn, error };
BOOST_DESCRIBE_ENUM(level, debug, info, warn, error)

struct logger_options {
    std::string module{};
    std::optional<logging::level> level{}; ///< unset: LOG_LEVEL's rule for this module
    json::object fields{};                 ///< on every line of this logger
};

/// Where the stub writes; the real one has sinks.
inline std::string& captured() {
    static std::string text;
    return text;
}

/// Threads:  every member from any thread.
/// Lifetime: a cheap handle; a child does not need its parent.
class logger {
public:
    explicit logger(logger_options options = {}) : options_(std::move(options)) {}

    /// A logger with `more` on each of its lines; a key already there is replaced.
    [[nodiscard]] logger child(infra::fields more) const {
        auto made = options_;
        more.append_to(made.fields);
        return logger(std::move(made));
    }

    void debug(std::string_view message, infra::fields fields = {}) const { write(level::debug, message, fields); }
    void info(std::string_view message, infra::fields fields = {}) const { write(level::info, message, fields); }
    void warn(std::string_view message, infra::fields fields = {}) const { write(level::warn, message, fields); }
    void error(std::string_view message, infra::fields fields = {}) const { write(level::error, message, fields); }

    /// True if a line of this level would be written: guards fields that are costly to make.
    bool enabled(level at) const { return at >= options_.level.value_or(level::info); }

private:
    void write(level at, std::string_view message, const infra::fields& fields) const {
        if (!enabled(at))
            return;
        json::object line{{"timestamp", "2026-01-01T00:00:00.000Z"},
                          {"level", boost::describe::enum_to_string(at, "")}};
        if (!options_.module.empty())
            line["module"] = options_.module;
        line["message"] = boost::json::string_view(message.data(), message.size());
        infra::fields(options_.fields).append_to(line);
        fields.append_to(line);
        captured() += boost::json::serialize(line) + "\n";
    }

    logger_options options_;
};

inline const logger& default_logger() {
    static const logger one;
    return one;
}

inline void debug(std::string_view message, infra::fields fields = {}) { default_logger().debug(message, fields); }
inline void info(std::string_view message, infra::fields fields = {}) { default_logger().info(message, fields); }
inline void warn(std::string_view message, infra::fields fields = {}) { default_logger().warn(message, fields); }
inline void error(std::string_view message, infra::fields fields = {}) { default_logger().error(message, fields); }

} // namespace infra::logging

namespace infra {
/// `infra::log::info(…)`. The short name is made here because `namespace log = infra::logging;` does not compile at
/// global scope: `<cmath>` puts the function `::log` there. Inside a namespace or a function it does.
namespace log = logging;
} // namespace infra
