#include "support.hpp"

#include <infra/base/context.hpp>

#include <map>
#include <mutex>

namespace infra::logging {
namespace {

/// Counters by name and first label.
struct meter {
    std::mutex mutex;
    std::map<std::string, double> values;

    double of(const std::string& name) {
        const std::scoped_lock lock(mutex);
        return values[name];
    }
    static meter& one() {
        static meter m;
        return m;
    }
};

void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
    const std::scoped_lock lock(meter::one().mutex);
    return &meter::one().values[std::string(of.name) + (labels.empty() ? "" : " " + std::string(labels[0].value))];
}

void add(void* series, double amount) noexcept {
    const std::scoped_lock lock(meter::one().mutex);
    *static_cast<double*>(series) += amount;
}

constexpr telemetry::meter_functions counting{.bind = &bind, .add = &add, .record = [](void*, double) noexcept {}};

TEST(LogTelemetry, WritesWhatTheRoomsReport) {
    captured log({.levels = parse_levels("info,redis=debug").rules});
    log.out.install();
    telemetry::log(level::debug, "redis", "connection lost", {{"host", "h"}});
    telemetry::log(level::debug, "queue", "hidden");
    EXPECT_TRUE(telemetry::log_enabled(level::info, "queue"));
    EXPECT_FALSE(telemetry::log_enabled(level::debug, "queue"));
    const auto lines = log.lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].at("module"), "redis");
    EXPECT_EQ(lines[0].at("host"), "h");
}

TEST(LogTelemetry, IsSilentWhereTelemetryIsSuppressed) {
    captured log;
    log.out.install();
    const context_scope in(context().with_telemetry_suppressed());
    telemetry::log(level::error, "otlp", "no");
    EXPECT_TRUE(log.lines().empty());
}

TEST(LogTelemetry, EndsWithThePipeline) {
    {
        captured log;
        log.out.install();
    }
    EXPECT_FALSE(telemetry::log_enabled(level::error, "queue"));
    telemetry::log(level::error, "queue", "nobody listens");
}

TEST(LogTelemetry, CountsLinesByLevel) {
    telemetry::install(&counting);
    const auto before = meter::one().of("log_lines_total warn");
    captured log, other;
    log.out.install();
    const logger speaks({.to = &log.out});
    speaks.warn("1");
    speaks.warn("2");
    logger({.to = &other.out}).warn("of a pipeline that is not the program's");
    EXPECT_EQ(other.lines().size(), 1U);
    EXPECT_TRUE(log.out.close(deadline::after(30s)));
    EXPECT_EQ(meter::one().of("log_lines_total warn"), before + 2);
    telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
}

} // namespace
} // namespace infra::logging
