#include "verbs.hpp"

namespace infra::cli {

void add_all(frame& f) {
    add_actions(f);
    add_cache(f);
    add_completion(f);
    add_config(f);
    add_cron(f);
    add_doctor(f);
    add_email(f);
    add_errors(f);
    add_health(f);
    add_levels(f);
    add_login(f);
    add_logs(f);
    add_man(f);
    add_metrics(f);
    add_new(f);
    add_news(f);
    add_overview(f);
    add_queue(f);
    add_realtime(f);
    add_storage(f);
    add_top(f);
    add_traces(f);
    add_version(f);
}

} // namespace infra::cli
