#pragma once

/// A service: every module wired from the environment.
///
///     auto app = infra::app::from_environment({.name = "shop"});
///     app.http().get("/", [] { return infra::http::response::text(200, "hello"); });
///     return app.run();

#include <infra/cache.hpp>
#include <infra/email.hpp>
#include <infra/health.hpp>
#include <infra/http_server.hpp>
#include <infra/logging.hpp>
#include <infra/monitoring.hpp>
#include <infra/queue.hpp>
#include <infra/realtime.hpp>
#include <infra/storage.hpp>

namespace infra::app {

struct app_options {
    std::string name{};
    std::string version{};
    std::string host{};                  ///< empty: HOST, else 127.0.0.1
    std::optional<std::uint16_t> port{}; ///< unset: PORT, else 3000; 0: any free one
    std::size_t loops = 0;               ///< 0: one per core
    std::chrono::milliseconds drain_timeout{30'000};
    queue::worker_options worker{};
    bool run_worker = true;
};

class application {
public:
    explicit application(app_options options) : options_(std::move(options)) {}
    application(application&&) = default;

    const std::string& name() const { return options_.name; }
    http::router& http() { return routes_; }
    cache::cache& cache() { return cache_; }
    storage::storage& storage() { return storage_; }

    /// Serves until SIGTERM or SIGINT, drains, and returns the exit code.
    [[nodiscard]] int run() { return served(*this); }

    /// What the stub does in place of serving.
    static inline std::function<int(application&)> served = [](application&) { return 0; };

private:
    app_options options_;
    http::router routes_;
    infra::cache::cache cache_{};
    infra::storage::storage storage_{};
};

[[nodiscard]] inline application from_environment(app_options options = {}) { return application(std::move(options)); }

} // namespace infra::app
