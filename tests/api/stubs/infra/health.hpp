#pragma once

/// Is this process fit to serve? Named checks, run in parallel, each with a deadline.
///
///     infra::health::register_health_check("memory", infra::health::memory_health_check);
///     infra::health::register_health_check("database", [] { db.ping(); });        // throwing means unhealthy
///     auto report = co_await infra::health::run_health_checks();
///     respond(report.http_status(), report.to_json());

#include <infra/base.hpp>

#include <functional>
#include <ostream>

namespace infra::health {

/// Ordered: the status of a report is the worst of its checks.
enum class health_status { healthy, degraded, unhealthy };
BOOST_DESCRIBE_ENUM(health_status, healthy, degraded, unhealthy)

inline std::string_view to_string(health_status status) { return boost::describe::enum_to_string(status, "unhealthy"); }
inline std::ostream& operator<<(std::ostream& out, health_status status) { return out << to_string(status); }

struct check_result {
    health_status status = health_status::healthy;
    std::string message{};
    json::object details{};
};

inline check_result healthy(std::string message = {}) {
    return {.status = health_status::healthy, .message = std::move(message)};
}
inline check_result degraded(std::string message) {
    return {.status = health_status::degraded, .message = std::move(message)};
}
inline check_result unhealthy(std::string message) {
    return {.status = health_status::unhealthy, .message = std::move(message)};
}

struct health_report {
    health_status status = health_status::healthy;
    std::map<std::string, check_result, std::less<>> checks{};

    /// 200 while healthy or degraded, 503 when unhealthy.
    int http_status() const { return status == health_status::unhealthy ? 503 : 200; }
    json::object to_json() const {
        json::object each;
        for (const auto& [name, result] : checks) {
            json::object one{{"status", to_string(result.status)}};
            if (!result.message.empty())
                one["message"] = result.message;
            if (!result.details.empty())
                one["details"] = result.details;
            each[name] = std::move(one);
        }
        return {{"status", to_string(status)}, {"checks", std::move(each)}};
    }
};

struct check_options {
    std::chrono::milliseconds timeout{5000}; ///< over it the check counts as unhealthy
    bool critical = true;                    ///< false: its failure makes the report degraded at worst
    bool readiness = true;                   ///< part of /ready
    bool liveness = false;                   ///< part of /live: only what a restart would cure
    std::chrono::milliseconds cache_for{0};  ///< answers younger than this are given again
};

/// A check: a plain function or a coroutine, returning check_result, or nothing (done is healthy, thrown is not).
class checker {
public:
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, checker>)
    checker(F function) {
        static_assert(std::is_invocable_v<F&>, "infra::health: a check takes no arguments");
        using result = detail::awaited_t<std::invoke_result_t<F&>>;
        static_assert(std::convertible_to<result, check_result> || std::is_void_v<result>,
                      "infra::health: a check returns check_result or void, plain or awaitable");
        run_ = [kept = std::make_shared<F>(std::move(function))] { return run(kept); };
    }

    awaitable<check_result> operator()() const { return run_(); }

private:
    template <class F>
    static awaitable<check_result> run(std::shared_ptr<F> function) {
        if constexpr (std::is_void_v<detail::awaited_t<std::invoke_result_t<F&>>>) {
            co_await detail::call(function);
            co_return check_result{};
        } else {
            co_return co_await detail::call(function);
        }
    }

    std::function<awaitable<check_result>()> run_;
};

/// The checks of one service. Tests make their own; the free functions below use one for the process.
class registry {
public:
    void add(std::string name, checker check, check_options options = {}) {
        checks_.insert_or_assign(std::move(name), entry{std::move(check), options});
    }
    bool remove(std::string_view name) {
        const auto found = checks_.find(name);
        if (found == checks_.end())
            return false;
        checks_.erase(found);
        return true;
    }
    awaitable<health_report> run() { return run(checks_); }

private:
    struct entry {
        checker check;
        check_options options{};
    };
    using entries = std::map<std::string, entry, std::less<>>;

    static awaitable<health_report> run(entries checks) {
        health_report report;
        for (const auto& [name, each] : checks) {
            check_result result;
            try {
                result = co_await each.check();
            } catch (const std::exception& thrown) {
                result = unhealthy(thrown.what());
            }
            const auto counted =
                each.options.critical ? result.status : std::min(result.status, health_status::degraded);
            report.status = std::max(report.status, counted);
            report.checks.emplace(name, std::move(result));
        }
        co_return report;
    }

    entries checks_;
};

inline registry& default_registry() {
    static registry one;
    return one;
}

inline void register_health_check(std::string name, checker check, check_options options = {}) {
    default_registry().add(std::move(name), std::move(check), options);
}
[[nodiscard]] inline awaitable<health_report> run_health_checks() { return default_registry().run(); }
inline bool remove_health_check(std::string_view name) { return default_registry().remove(name); }

struct memory_check_options {
    double degraded_above = 0.85; ///< part of the limit (cgroup's, else the machine's) in use
    double unhealthy_above = 0.95;
};

/// A ready-made check that can be registered as it is, or `with` other thresholds.
class memory_check {
public:
    constexpr memory_check() = default;
    constexpr memory_check with(memory_check_options options) const { return memory_check(options); }
    check_result operator()() const {
        const double used = 0.5;
        if (used > options_.unhealthy_above)
            return unhealthy("memory is nearly exhausted");
        if (used > options_.degraded_above)
            return degraded("memory is getting short");
        return healthy();
    }

private:
    constexpr explicit memory_check(memory_check_options options) : options_(options) {}
    memory_check_options options_{};
};
inline constexpr memory_check memory_health_check{};

} // namespace infra::health
