/// The service that ./run starts: a sign-up becomes a durable job, and the job a welcome mail; pages that are open see it at once.
///
///     GET  /                           the page
///     POST /signup {"name","email"}    202 with the job's id, once the job is on disk
///     GET  /jobs/{id}                  what became of it
///     GET  /infra                      the dashboard, for whoever has the link that is printed at start
///     GET  /health /ready /metrics     from the app

#include "live.hpp"
#include "signup.hpp"

#ifdef STARTER_DASHBOARD // not where there is no Node to build it
#include <infra/dashboard.hpp>
#endif

#include <iostream>

namespace {

// For people, and only for them: stdout belongs to the log.
void greet(const infra::app::started& service) {
    std::cerr << "\n  Open " << service.url << "/ in a browser, and try:\n"
              << "    curl -i " << service.url << R"(/signup -d '{"name":"Ada","email":"ada@example.com"}')" << "\n"
              << "    curl " << service.url << "/jobs/ID-FROM-ABOVE\n"
              << "    curl " << service.url << "/health\n\n";
}

} // namespace

int main() try {
    auto app = infra::app::from_environment(
        {.name = "starter", .email = {.templates = STARTER_TEMPLATES}, .realtime = {.hub = starter::live_channels()}});
    starter::add_signup(app.http());
    starter::add_live_page(app.http(), STARTER_PAGES);
    app.on_started(greet);
#ifdef STARTER_DASHBOARD
    infra::dashboard::mount(app);
#endif
    return app.run();
} catch (const infra::error& e) { // before run(), which reports its own: what it is to serve is not there
    std::cerr << "starter: " << e.what() << '\n';
    return 1;
}
