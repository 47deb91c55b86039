#include "background.hpp"
#include "board_state.hpp"
#include "mail/mail_panel.hpp"
#include "queues/queues_panel.hpp"

#include <cstdio>

namespace infra::dashboard {
namespace {

constexpr std::chrono::hours link_lasts{24 * 365};

std::string environment_of(const dashboard_options& options, const infra::environment& variables) {
    if (!options.environment.empty())
        return options.environment;
    return variables.get_or("APP_ENV", variables.get_or("NODE_ENV", "development"));
}

std::string admin_token(const infra::environment& variables) {
    try {
        return variables.get_or("INFRA_ADMIN_TOKEN", "");
    } catch (const error&) { // the service tells it, and does not start
        return "";
    }
}

void add_parts(app::application& to, const std::shared_ptr<board_state>& state) {
    for (const auto& each : state->works) {
        const background work(each.name, each.work, *state->options().time);
        to.add_part({.name = each.name,
                     .run = [work] { return work.run(); },
                     .stop = [work](deadline) -> awaitable<void> {
                         work.stop();
                         co_return;
                     }});
    }
    to.add_part({.name = "dashboard", .stop = [state](deadline) -> awaitable<void> {
                     state->stop();
                     co_return;
                 }});
}

// One panel a line: what it is about comes from the modules' default instances, which the service has wired.
void add_panels(board on) {
    add_mail_panel(on, watch_default_mailer(on.time()));
    add_queues_panel(on);
}

} // namespace

void mount(app::application& service, dashboard_options options) {
    const auto& variables = service.environment();
    const bool by_link = !options.authorize;
    auto around = surroundings{.service = service.name(),
                               .version = service.options().version,
                               .environment = environment_of(options, variables),
                               .admin_token = admin_token(variables)};
    const auto state = board_state::open(service.http(), std::move(options), std::move(around));
    add_panels(state->on());
    add_parts(service, state);
    if (!by_link)
        return;
    // For whoever sits at the terminal, and never through the logger, whose lines are kept and sent elsewhere.
    service.on_started([state](const app::started& known) {
        std::fprintf(stderr, "\n  Dashboard, good once: %s\n\n", state->login_link(known.url, link_lasts).c_str());
    });
}

} // namespace infra::dashboard
