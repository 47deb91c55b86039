#pragma once

/// Jobs by the clock.
///
///     infra::queue::define_cron({.name = "daily-cleanup", .pattern = "0 0 * * *", .handler = purge_sessions});

#include <infra/planned.hpp>
#include <infra/queue.hpp>

namespace infra::queue {

/// Plain or coroutine; taking nothing or job_context&. An overloaded function's name needs a lambda around it.
class cron_handler {
public:
    cron_handler() = default;

    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, cron_handler>)
    cron_handler(F function) {
        static_assert(std::is_invocable_v<F&> || std::is_invocable_v<F&, job_context&>,
                      "infra::queue: a cron handler takes () or (job_context&)");
        auto kept = std::make_shared<F>(std::move(function));
        if constexpr (std::is_invocable_v<F&, job_context&>)
            run_ = [kept](job_context& context) { return run<F, job_context&>(kept, context); };
        else
            run_ = [kept](job_context&) { return run<F>(kept); };
    }

    awaitable<void> operator()(job_context& context) const { return run_(context); }

private:
    template <class F, class... Args>
    static awaitable<void> run(std::shared_ptr<F> function, Args... args) {
        co_await infra::planned::call<F, Args...>(function, std::forward<Args>(args)...);
    }

    std::function<awaitable<void>(job_context&)> run_;
};

struct cron_definition {
    std::string name{};
    std::string pattern{};  ///< five fields, or six with seconds first
    std::string tz = "UTC"; ///< IANA name
    cron_handler handler{};
    int attempts = 1;
    infra::backoff backoff{};
    std::optional<std::chrono::milliseconds> timeout{};
    std::string queue = "default";
};

struct cron_job {
    std::string name{};
    std::string pattern{};
    std::string tz{};
    std::optional<std::chrono::system_clock::time_point> next_run{};
};

namespace detail {
inline std::map<std::string, cron_definition, std::less<>>& crons() {
    static std::map<std::string, cron_definition, std::less<>> all;
    return all;
}
} // namespace detail

inline void define_cron(cron_definition definition) {
    auto name = definition.name;
    detail::crons().insert_or_assign(std::move(name), std::move(definition));
}
inline std::optional<cron_job> get_cron_job(std::string_view name) {
    const auto found = detail::crons().find(name);
    if (found == detail::crons().end())
        return std::nullopt;
    return cron_job{found->second.name, found->second.pattern, found->second.tz, std::chrono::system_clock::now()};
}
inline std::vector<cron_job> get_cron_jobs() {
    std::vector<cron_job> all;
    for (const auto& each : detail::crons())
        all.push_back(*get_cron_job(each.first));
    return all;
}
inline void clear_cron_jobs() { detail::crons().clear(); }

} // namespace infra::queue
