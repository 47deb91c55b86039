#pragma once

/// How a module becomes part of a service. Each has one file, `wire_<module>.cpp`, with one function; application.cpp calls
/// them in order. To leave a module out, take its call and its file away.

#include "free_port.hpp"

#include <infra/app.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace infra::app {

/// Where a service is in its life. `/ready` follows.
class phase {
public:
    void set(health::service_state s);
    bool serving() const noexcept { return state_ == health::service_state::serving; }

private:
    std::atomic<health::service_state> state_{health::service_state::starting};
};

/// What a module finds and leaves when it is wired. Nothing is opened here; infra::error with errc::misconfigured is
/// collected, so that all of them can be told at once.
struct wiring {
    const app_options& options;
    const environment& env;
    http::router& routes;
    std::shared_ptr<phase> now;
    std::vector<part> parts{}; ///< opened and run in this order, stopped in the reverse one
    std::vector<part>
        doors{}; ///< put behind HTTP: stopped before it, since they hold what it has let in and given away
    std::vector<chosen_backend> chosen{};
    std::shared_ptr<free_port> any_port{};  ///< where any would do
    bool reads_levels = false;              ///< LOG_LEVEL is in `.env`, which the log had not seen when it began
    std::shared_ptr<http::server> server{}; ///< made last, of the routes that are there by then
};

void wire_logging(wiring& w);
void wire_monitoring(wiring& w);
void wire_health(wiring& w);
void wire_email(wiring& w);
void wire_queue(wiring& w);
void wire_realtime(wiring& w);
void wire_cache(wiring& w);
void wire_storage(wiring& w);
void wire_http(wiring& w);

/// Where the service will listen: that of the program, or PORT; a free one where it is 0. Throws errc::misconfigured.
std::uint16_t port_of(wiring& w);

/// TRUSTED_PROXIES. Throws errc::misconfigured.
std::vector<std::string> trusted_proxies_from(const environment& variables);

/// The path under which signed URLs of stores without a server of their own are answered: that of STORAGE_PUBLIC_URL.
std::string storage_route(const environment& variables);

} // namespace infra::app
