/// @name@
///
///     POST /signup {"name","email"}    202 with the job's id, once the job is on disk
///     GET  /health /ready /metrics     how it is
///     GET  /infra                      the dashboard: who comes from this machine with the link that is printed at start,
///                                      or with INFRA_ADMIN_TOKEN from anywhere

#include "signup.hpp"

#ifdef WITH_DASHBOARD
#include <infra/dashboard.hpp>
#endif

#include <iostream>

int main() {
    auto app = infra::app::from_environment({.name = "@name@", .email = {.templates = "emails"}});
    service::add_signup(app.http());
    app.on_started([](const infra::app::started& is) { std::cerr << "@name@ is on " << is.url << "\n"; });
#ifdef WITH_DASHBOARD
    infra::dashboard::mount(app);
#endif
    return app.run(); // until SIGTERM or Ctrl-C: what runs is finished or given back
}
