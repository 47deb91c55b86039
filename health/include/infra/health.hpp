#pragma once

/// Is this process fit to serve? Named checks, run in parallel, each with a deadline.
///
///     using namespace infra::health;
///     register_health_check("memory", memory_health_check);
///     register_health_check("database", [] { db.ping(); });                  // throwing means unhealthy
///     register_health_check("search", ping_search, {.timeout = 500ms, .critical = false});
///
///     auto report = co_await run_health_checks();                     // ("ready"), ("live"): of a group
///     auto answer = to_http(report, {.accept = accept, .detail = report_detail::statuses});
///     respond(answer.status, answer.content_type, answer.body);
///
/// A report is there after 800 ms at the latest, whatever the checks do. Probes that arrive together share one run.
/// `health_check_status{check}`, `health_check_duration_seconds{check}` and a log line whenever a status changes come by
/// themselves.

#include <infra/health/check.hpp>
#include <infra/health/disk.hpp>
#include <infra/health/http_answer.hpp>
#include <infra/health/loop_lag.hpp>
#include <infra/health/memory.hpp>
#include <infra/health/open_files.hpp>
#include <infra/health/registry.hpp>
#include <infra/health/report.hpp>
#include <infra/health/tcp.hpp>

#include <string>
#include <string_view>

namespace infra::health {

/// The registry behind the functions below, with default options, made at first use. It starts the default runtime, which
/// therefore outlives it. Tests and libraries make their own.
registry& default_registry();

void register_health_check(std::string name, checker check, check_options options = {});
[[nodiscard]] awaitable<health_report> run_health_checks(std::string group = {});
bool remove_health_check(std::string_view name);

} // namespace infra::health
