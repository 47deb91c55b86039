#pragma once

/// The operations page of a service: is it well, and if not, why?
///
///     auto app = infra::app::from_environment({.name = "shop"});
///     infra::dashboard::mount(app);                      // http://127.0.0.1:3000/infra
///     return app.run();                                  // and a link to log in with, once, on stderr
///
/// Nobody gets in unless told so: by default only who comes from this machine, with the link that is printed when the service
/// starts (never logged, good for one use). A service with users of its own says who may:
///
///     infra::dashboard::mount(app, {.authorize = [](const http::request& r) {
///         return is_admin(r) ? role::operate : is_staff(r) ? role::read : role::none;
///     }});
///
/// The page is one static application with an API of JSON below `<path>/api` (dashboard/README.md lists it), live by server-sent
/// events. Everything it shows is kept in rings of fixed size in this process; what is costly is only made while somebody looks.

#include <infra/app.hpp>
#include <infra/base/clock.hpp>
#include <infra/http_server.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace infra::dashboard {

/// What somebody may.
enum class role {
    none,    ///< nothing is shown
    read,    ///< everything but secrets is shown
    operate, ///< and jobs retried, keys removed, clients disconnected …
};

/// So much is kept to be looked at, the newest; the page says how far back that goes.
struct kept {
    std::size_t log_bytes = 16 * 1024 * 1024;    ///< lines of the log
    std::size_t trace_bytes = 16 * 1024 * 1024;  ///< spans of traces
    std::size_t metric_bytes = 16 * 1024 * 1024; ///< points of series: of 10 s for an hour, of a minute for six
    std::size_t actions = 1000;                  ///< what people did here
};

struct dashboard_options {
    std::string path = "/infra"; ///< without a slash at its end
    /// Shown as a badge, in alarm colours for "production". Empty: APP_ENV, NODE_ENV, otherwise "development".
    std::string environment{};
    /// Who may what. Called for each request, on its loop; must not block. Not set: whoever comes from a loopback address with the
    /// link that is printed at start, or with `Authorization: Bearer` and INFRA_ADMIN_TOKEN from anywhere, may operate.
    std::function<role(const http::request&)> authorize{};
    std::chrono::seconds session = std::chrono::hours(12); ///< how long a log-in is good for
    std::size_t max_viewers = 20;                          ///< live streams at once; one more is answered 503
    dashboard::kept kept{};                                ///< how much is kept, and for how long
    clock* time = &real_clock();                           ///< outlives the dashboard
};

/// Mounts the dashboard on a service, before it runs. What the service has switched off has no page.
///
/// Throws std::invalid_argument naming the bad option.
void mount(app::application& service, dashboard_options options = {});

} // namespace infra::dashboard
