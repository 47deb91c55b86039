#pragma once

/// A service: every module wired from the environment.
///
///     auto app = infra::app::from_environment({.name = "shop"});
///     app.http().get("/", [] { return infra::http::response::text("hello"); });
///     return app.run();
///
/// `run()` serves what was routed and, beside it, `/health`, `/ready` and `/metrics`; it runs the jobs that were defined, and
/// on SIGTERM or SIGINT drains: readiness off, no new connections, requests answered, jobs finished or given back, log
/// written. A second signal does not wait.
///
/// What the modules run on comes from environment variables (app/settings.hpp has them all), in development also from a file `.env`
/// (app/dotenv.hpp); with none set everything is embedded and lives under `var/`. The modules' free functions (`queue::enqueue`, `email::send_email`, `log::info` …)
/// speak to the same instances.

#include <infra/app/checks.hpp>
#include <infra/app/settings.hpp>
#include <infra/base.hpp>
#include <infra/cache.hpp>
#include <infra/email.hpp>
#include <infra/health.hpp>
#include <infra/http_server.hpp>
#include <infra/logging.hpp>
#include <infra/monitoring.hpp>
#include <infra/queue.hpp>
#include <infra/realtime.hpp>
#include <infra/realtime/event_stream.hpp>
#include <infra/realtime/websocket.hpp>
#include <infra/runtime.hpp>
#include <infra/storage.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::app {

/// Channels, and how browsers reach them. An empty path: that is not served.
struct realtime_options {
    /// Channels' rules, hooks, limits. Nobody may subscribe or publish unless `authorize`, a handler or a signed name says so. Its broker,
    /// where it has none: REALTIME_URL, REDIS_URL, otherwise this process alone. Signing keys: REALTIME_SIGNING_SECRET.
    realtime::hub_options hub{};
    std::string prefix =
        "rt"; ///< of channels and keys in Redis: services that share one do not hear each other under different ones
    realtime::websocket_options
        sockets{}; ///< without origins: REALTIME_ORIGINS, otherwise those of the host that is called
    realtime::event_stream_options events{};        ///< without origins: those of the sockets
    std::string sockets_path = "/ws";               ///< where WebSockets connect
    std::string events_path = "/events";            ///< where event streams are read
    std::string client_path = "/infra/realtime.js"; ///< where browsers get their client
};

struct app_options {
    std::string name = "service"; ///< in log lines, `/health` and metrics
    std::string version{};        ///< likewise; empty: left out

    /// Where to listen. A variable wins over nothing, a field set here wins over the variable: HOST, PORT; otherwise
    /// 127.0.0.1 and 3000. Port 0 is any free one.
    std::optional<std::string> host{};
    std::optional<std::uint16_t> port{};

    /// The rest of what the server may be told; its host and port are taken from above. Where it names no trusted proxies:
    /// TRUSTED_PROXIES and TRUSTED_PROXY_HEADER, otherwise nobody's `X-Forwarded-…` are believed.
    http::server_options server{};

    /// Jobs at once. `run_worker` false leaves them to another process.
    bool run_worker = true;
    queue::worker_options worker{};

    /// The cache of the process. Its URL, where it has none: CACHE_URL, otherwise `memory:`.
    cache::cache_options cache{};

    /// The storage of the process. Where it has neither URL nor bucket: STORAGE_URL, S3_BUCKET, otherwise `file:var/storage`. Signed
    /// URLs of `file:` and `memory:` are answered by the service, below `/storage` or the path of STORAGE_PUBLIC_URL.
    storage::storage_options storage{};

    /// Once a day what is older and nobody completed, and what crashes left, is removed from a `file:` store. Zero: nothing is. (Of
    /// S3, where others may keep uploads too: `infra storage sweep`, or a lifecycle rule.)
    std::chrono::milliseconds storage_sweep = std::chrono::days(7);

    /// The mailer of the process: templates, hooks, attempts. Where it has neither URL nor transport: EMAIL_URL, RESEND_API_KEY,
    /// otherwise `outbox:var/outbox`; without a sender: EMAIL_FROM; without `read_stored`: attachments come from the storage.
    email::mailer_options email{};

    /// The hub of the process, its WebSockets, event streams and browsers' client. With INFRA_ADMIN_TOKEN also the pages for operators
    /// (infra/realtime/admin.hpp).
    realtime_options realtime{};

    /// How long everything together may take to end; then what is left is cancelled. Longer than it takes to answer a
    /// request, shorter by 3 s than the supervisor's patience (Kubernetes: 30 s): for what does not end then, see run().
    std::chrono::milliseconds drain_timeout{25'000};

    /// How long the service goes on as before once it was told to stop, but for `/ready`, which is 503 from then on: as long as
    /// balancers need to look elsewhere (Kubernetes: 5 s). A part of drain_timeout. Not set: DRAIN_DELAY, otherwise 0.
    std::optional<std::chrono::milliseconds> drain_delay{};

    /// Who sees messages, details and the version in `/health` and `/ready`; others see statuses. Not set: whoever sends
    /// `Authorization: Bearer` with HEALTH_TOKEN, and nobody where that is not set either.
    std::function<bool(const http::request&)> may_see_health{};

    /// When the check `queue` speaks up.
    queue_check_options queue_check{};

    /// Instead of the process's environment and of `.env`: for tests.
    std::optional<infra::environment> environment{};
};

/// What a module runs on, as it was chosen at start.
struct chosen_backend {
    std::string module;  ///< "queue"
    std::string backend; ///< "sqlite:var/queue.db"; never with a password in it
};

/// What is known once the service listens.
struct started {
    std::string url; ///< "http://127.0.0.1:3000"
    std::vector<chosen_backend> backends;
};

/// One thing with a life, beside the modules. Each function may be empty.
struct part {
    std::string name; ///< in log lines about it
    /// Before the service serves; what it throws keeps the service from starting.
    std::function<awaitable<void>()> open{};
    /// Beside the others, on a loop of the default runtime; its end, before it was stopped, ends the service.
    std::function<awaitable<void>()> run{};
    /// Makes run() end by the deadline.
    std::function<awaitable<void>(deadline)> stop{};
};

/// Work that goes on while the service does, and is cancelled when it stops:
///
///     service.add_part(app::background("rates", [] { return fetch_rates_each_hour(); }));
///
/// What it throws is logged, and it is begun again 10 s later, as when it ends. The clock must outlive the service.
part background(std::string name, std::function<awaitable<void>()> work, clock& time = real_clock());

/// Threads:  run() on the thread that owns the application, which it occupies; stop() from any; the rest before run().
/// Errors:   the constructor does not throw for what the environment says: run() reports all of it at once on stderr and
///           in the log, and returns 1. Bad options throw std::invalid_argument naming the field.
/// Lifetime: one at a time in a process, since it configures the modules' default instances.
class application {
public:
    explicit application(app_options options);
    ~application();
    application(application&&) noexcept;
    application& operator=(application&&) = delete;

    const std::string& name() const noexcept;
    const app_options& options() const noexcept; ///< as they were given
    /// The variables that count: those of the process, and of `.env` beneath them.
    const infra::environment& environment() const noexcept;
    /// Every setting as it is now, fit to be shown.
    std::vector<effective_setting> settings() const;
    /// What each module runs on, in the order of wiring. The modules' own functions lead to the same instances:
    /// `queue::default_queue()`, `realtime::default_hub()`, `monitoring::default_tracer()` and so on.
    const std::vector<chosen_backend>& backends() const noexcept;

    /// Where routes are added.
    http::router& http() noexcept;

    /// Opened when the modules are and the port is taken, in the order of adding, and stopped the other way round, before HTTP: a
    /// stream that has no end of its own is to be ended here.
    void add_part(part added);

    /// Called once the service listens, on its loop; the first to be added is the first to be called.
    void on_started(std::function<void(const started&)> told);

    /// Serves until SIGTERM, SIGINT or stop(). 0 after an orderly end, in which jobs that were not done in time were given
    /// back; 1, with the reason on stderr, if the service could not start or failed. If something has still not ended 2 s
    /// after the drain's time, because a handler blocks its loop or a function its thread of the default blocking pool,
    /// the process ends there and then with 1: that thread cannot be joined, and nothing it uses may be destroyed under it.
    [[nodiscard]] int run();

    /// What the first signal does.
    void stop() noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// The application that the environment describes.
[[nodiscard]] application from_environment(app_options options = {});

} // namespace infra::app
