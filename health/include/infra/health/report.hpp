#pragma once

/// What a check says, and what all of them together amount to: plain values, made by a registry or by hand.

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <boost/describe/enum.hpp>

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::health {

/// Ordered: the status of a report is the worst of its checks.
enum class health_status { healthy, degraded, unhealthy };
BOOST_DESCRIBE_ENUM(health_status, healthy, degraded, unhealthy)

std::string_view to_string(health_status status) noexcept;
std::ostream& operator<<(std::ostream& out, health_status status);

/// What a check returns. The registry cleans it before anybody sees it: secrets are cut out of the message and the
/// details (`scheme://[redacted]@host`, `password=[redacted]`), a message longer than `max_message_bytes` is cut, and
/// details of more than `max_details_bytes` of JSON are dropped.
struct check_result {
    health_status status = health_status::healthy;
    std::string message{};
    json::object details{}; ///< numbers and names worth seeing: `{"queued": 12}`
};

inline constexpr std::size_t max_message_bytes = 1024;
inline constexpr std::size_t max_details_bytes = 8192;

check_result healthy(std::string message = {});
check_result degraded(std::string message);
check_result unhealthy(std::string message);

/// One check's line in a report.
struct check_report {
    health_status status = health_status::healthy; ///< degraded at worst if the check is not critical
    std::string message{};
    json::object details{};
    std::chrono::nanoseconds latency{}; ///< how long it took; of a check that still runs: so far
    std::chrono::nanoseconds age{};     ///< of an answer given again (check_options::cache_for), otherwise 0

    /// Set if the check has not returned: for how long it has run. It is not started again until it has.
    std::optional<std::chrono::nanoseconds> running_for{};

    bool critical = true; ///< as it was registered; not in the document
    bool skipped = false; ///< what it depends on is unhealthy: it was not asked and does not count

    // Of its answers so far. Healthy and degraded are successes.
    std::optional<wall_time> last_success{};
    std::optional<wall_time> last_failure{};
    std::size_t failures = 0; ///< since the last success
};

/// The checks of a report by name, in the order in which they were registered.
class check_list {
public:
    using value_type = std::pair<std::string, check_report>;
    using const_iterator = std::vector<value_type>::const_iterator;

    void add(std::string name, check_report check) { list_.emplace_back(std::move(name), std::move(check)); }

    /// Throws std::out_of_range naming the check.
    const check_report& at(std::string_view name) const;

    const_iterator find(std::string_view name) const noexcept;
    bool contains(std::string_view name) const noexcept { return find(name) != end(); }
    const_iterator begin() const noexcept { return list_.begin(); }
    const_iterator end() const noexcept { return list_.end(); }
    std::size_t size() const noexcept { return list_.size(); }
    bool empty() const noexcept { return list_.empty(); }

private:
    std::vector<value_type> list_;
};

/// What a probe is answered with. Kubernetes takes 200 to 399 for a success, so a degraded service stays in service; a
/// gate before a release may prefer `{.degraded = 503}`.
struct http_statuses {
    int healthy = 200;
    int degraded = 200;
    int unhealthy = 503;
};

/// How much of a report is shown. Messages and details tell an attacker what a service is made of.
enum class report_detail { statuses, full };

/// How the service is.
struct health_report {
    health_status status = health_status::healthy; ///< the worst of its checks; healthy without any
    check_list checks{};
    wall_time timestamp{};             ///< when it was made
    std::chrono::nanoseconds uptime{}; ///< of the process; under a clock that was handed in, of the registry
    bool partial = false;              ///< the report's deadline passed before every check had answered

    int http_status(http_statuses codes = {}) const noexcept;

    /// `{"status": "degraded", "checks": {"database": {"status": "healthy", "latency_ms": 1.25}, "search": {"status":
    /// "degraded", "message": "stuck: …", "latency_ms": 12000, "running_for_ms": 12000}}, "timestamp":
    /// "2026-01-01T00:00:00.000Z", "uptime_seconds": 42}`. A check that was not asked has the status "skipped". A member that
    /// says nothing is left out: `message`, `details`, `age_ms`, `running_for_ms`, `last_success`, `last_failure`, `failures`,
    /// `partial`. Of `report_detail::statuses` there is, for each check, the status alone.
    json::object to_json(report_detail detail = report_detail::full) const;
};

} // namespace infra::health
