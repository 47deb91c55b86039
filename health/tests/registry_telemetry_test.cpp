#include "support.hpp"

#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace infra::health {
namespace {

using namespace std::chrono_literals;

// The tables are plain functions, so the notes are global; another test's loop may still be telling its last.
class notes {
public:
    void clear() {
        const std::scoped_lock lock(mutex_);
        lines_.clear();
        values_.clear();
    }
    void line(std::string text) {
        const std::scoped_lock lock(mutex_);
        lines_.push_back(std::move(text));
    }
    void value(const std::string& series, double v) {
        const std::scoped_lock lock(mutex_);
        values_[series].push_back(v);
    }
    /// The name by which a series is known, for as long as the process lives.
    void* bind(std::string series) {
        const std::scoped_lock lock(mutex_);
        return const_cast<std::string*>(&*bound_.insert(std::move(series)).first);
    }

    std::vector<std::string> lines() const {
        const std::scoped_lock lock(mutex_);
        return lines_;
    }
    std::vector<double> values(const std::string& series) const {
        const std::scoped_lock lock(mutex_);
        const auto found = values_.find(series);
        return found == values_.end() ? std::vector<double>{} : found->second;
    }
    double last(const std::string& series) const { return values(series).empty() ? -1 : values(series).back(); }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
    std::map<std::string, std::vector<double>> values_;
    std::set<std::string> bound_;
};
notes heard;

const telemetry::log_functions log_table{
    .enabled = [](level, std::string_view) noexcept { return true; },
    .write =
        [](const log_record& r) noexcept {
            auto line =
                std::string(to_string(r.severity)) + " " + std::string(r.module) + ": " + std::string(r.message);
            for (const auto& f : r.fields)
                line += " " + std::string(f.key) + "=" + std::string(f.value.text());
            heard.line(line);
        },
};
const telemetry::meter_functions meter_table{
    .bind = [](const telemetry::instrument& of, std::span<const label> labels) noexcept -> void* {
        return heard.bind(std::string(of.name) + "{" + std::string(labels[0].name) + "=" +
                          std::string(labels[0].value) + "}");
    },
    .add = [](void*, double) noexcept {},
    .record = [](void* series, double value) noexcept { heard.value(*static_cast<std::string*>(series), value); },
};

struct HealthTelemetry : testing::Test {
    HealthTelemetry() {
        heard.clear();
        telemetry::install(&log_table);
        telemetry::install(&meter_table);
    }
    ~HealthTelemetry() override {
        telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
        telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
    }
    world w;
};

TEST_F(HealthTelemetry, LogsOnlyWhenAStatusChanges) {
    check_result next = healthy();
    w.checks.add("db", [&next]() -> awaitable<check_result> { co_return next; });
    for (const auto& each : {healthy(), degraded("slow"), degraded("slower"), unhealthy("down"), unhealthy("down"),
                             healthy(), healthy()}) {
        next = each;
        (void)w.report();
    }
    EXPECT_EQ(heard.lines(),
              (std::vector<std::string>{"warn health: check is degraded check=db was=healthy reason=slow",
                                        "error health: check is unhealthy check=db was=degraded reason=down",
                                        "info health: check recovered check=db was=unhealthy reason="}));
}

TEST_F(HealthTelemetry, TellsTheRecoveryOfACheckThatWasReplacedWhileItFailed) {
    const gate blocked;
    w.checks.add("db", [blocked] {
        blocked.enter();
        return unhealthy("down");
    });
    const auto asked = w.ask();
    blocked.wait_for_entry();
    w.checks.add("db", []() -> awaitable<void> { co_return; });
    blocked.open();
    w.loop.run_until([&] { return asked->done(); });
    (void)w.report();
    EXPECT_EQ(heard.lines(),
              (std::vector<std::string>{"error health: check is unhealthy check=db was=healthy reason=down",
                                        "info health: check recovered check=db was=unhealthy reason="}));
}

TEST_F(HealthTelemetry, ShowsEachStatusInAGaugeAndEachDurationInAHistogram) {
    w.checks.add("db", [this]() -> awaitable<check_result> {
        co_await w.time.sleep_for(250ms);
        co_return degraded("slow");
    });
    w.checks.add("disk", [] { return healthy(); });
    const auto asked = w.ask();
    w.loop.run_until([&] { return !heard.values("health_check_duration_seconds{check=disk}").empty(); });
    w.advance(250ms);
    ASSERT_TRUE(asked->report);
    w.loop.poll();
    EXPECT_EQ(heard.last("health_check_status{check=db}"), 0.5);
    EXPECT_EQ(heard.last("health_check_status{check=disk}"), 1);
    EXPECT_EQ(heard.last("health_check_duration_seconds{check=db}"), 0.25);
}

TEST_F(HealthTelemetry, ForgetsTheStatusOfARemovedCheck) {
    w.checks.add("db", [] { return unhealthy("down"); });
    (void)w.report();
    EXPECT_EQ(heard.last("health_check_status{check=db}"), 0);
    w.checks.remove("db");
    w.loop.poll();
    EXPECT_TRUE(std::isnan(heard.last("health_check_status{check=db}")));
}

TEST_F(HealthTelemetry, DoesNotRunChecksUnderTheContextOfAProbe) {
    std::string seen = "unset";
    w.checks.add("db", [&seen]() -> awaitable<void> {
        seen = context::current().request_id();
        co_return;
    });
    const context_scope request(context::current().with_request_id("req-1"));
    (void)w.report();
    EXPECT_EQ(seen, "");
}

} // namespace
} // namespace infra::health
