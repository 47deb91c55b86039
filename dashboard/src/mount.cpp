#include "mount.hpp"

#include "cache/cache_panel.hpp"
#include "health/panel.hpp"
#include "journal.hpp"
#include "logs/panel.hpp"
#include "mail/mail_panel.hpp"
#include "metrics/panel.hpp"
#include "overview/panel.hpp"
#include "queues/queues_panel.hpp"
#include "realtime/realtime_panel.hpp"
#include "settings/panel.hpp"
#include "storage/storage_panel.hpp"
#include "traces/panel.hpp"

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

// What the dashboard does for itself is not what the service does.
awaitable<void> quietly(std::function<awaitable<void>()> work) {
    const context_scope quiet(context().with_telemetry_suppressed());
    co_await work();
}

void add_parts(app::application& to, const std::shared_ptr<board_state>& state) {
    for (const auto& each : state->works)
        to.add_part(app::background(each.name, [work = each.work] { return quietly(work); }, *state->options().time));
    to.add_part({.name = "dashboard", .stop = [state](deadline) -> awaitable<void> {
                     state->stop();
                     co_return;
                 }});
}

settings_source settings_of(const app::application& service) {
    settings_source all{
        .settings = [now = service.settings()] { return now; },
        .warnings = [variables = service.environment()] { return app::check_settings(variables).warnings; },
        .build = facts_of_build()};
    for (const auto& each : service.backends())
        all.build.emplace_back(each.module, each.backend);
    return all;
}

// A module whose variables are wrong has no instance: the service tells of all that is wrong when it is run, and does not start.
template <class Add>
void where_configured(Add add) {
    try {
        add();
    } catch (const error& e) {
        if (e.code() != errc::misconfigured)
            throw;
    }
}

// One panel a line, in the order of the overview's numbers: what it is about comes from the modules' default instances, which the
// service has wired.
void add_panels(app::application& service, const std::shared_ptr<board_state>& state) {
    const auto on = state->on();
    const health_watch watch(health::default_registry(), on.time());
    add_health_panel(on, watch);
    where_configured([&] { add_queues_panel(on); });
    where_configured([&] { add_mail_panel(on, watch_default_mailer(on.time())); });
    add_logs_panel(on, logging::default_pipeline());
    add_metrics_panel(on, monitoring::default_metrics());
    add_traces_panel(on, monitoring::default_tracer(), service.name());
    where_configured([&] { add_realtime_panel(on); });
    where_configured([&] { add_cache_panel(on); });
    where_configured([&] { add_storage_panel(on); });
    add_settings_panel(state, settings_of(service));
    add_overview_panel(state, watch);
}

} // namespace

std::shared_ptr<board_state> mount_board(app::application& service, dashboard_options options) {
    const auto& variables = service.environment();
    auto around = surroundings{.service = service.name(),
                               .version = service.options().version,
                               .environment = environment_of(options, variables),
                               .admin_token = admin_token(variables)};
    auto state = board_state::open(service.http(), std::move(options), std::move(around));
    add_panels(service, state);
    add_parts(service, state);
    return state;
}

void mount(app::application& service, dashboard_options options) {
    const auto state = mount_board(service, std::move(options));
    if (state->options().authorize)
        return;
    // For whoever sits at the terminal, and never through the logger, whose lines are kept and sent elsewhere, as the journal's are.
    const bool is_kept = stderr_is_journal(service.environment().get("JOURNAL_STREAM").value_or(""));
    service.on_started([is_kept, weak = std::weak_ptr(state)](const app::started& known) {
        const auto there = weak.lock();
        if (!there)
            return;
        const auto address = address_from_here(known.url);
        if (is_kept)
            std::fprintf(stderr, "Dashboard: %s%s, with INFRA_ADMIN_TOKEN; the journal is told no link\n",
                         address.c_str(), there->options().path.c_str());
        else
            std::fprintf(stderr, "\n  Dashboard, good once: %s\n\n", there->login_link(address, link_lasts).c_str());
    });
}

} // namespace infra::dashboard
