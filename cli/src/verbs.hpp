#pragma once

/// The verbs, each in a file of its name.

namespace infra::cli {

class frame;

void add_all(frame& f); ///< what the command has

void add_actions(frame& f);
void add_cache(frame& f);
void add_completion(frame& f);
void add_config(frame& f);
void add_cron(frame& f);
void add_doctor(frame& f);
void add_email(frame& f);
void add_errors(frame& f);
void add_health(frame& f);
void add_levels(frame& f);
void add_login(frame& f);
void add_logs(frame& f);
void add_man(frame& f);
void add_metrics(frame& f);
void add_new(frame& f);
void add_news(frame& f);
void add_overview(frame& f);
void add_queue(frame& f);
void add_realtime(frame& f);
void add_storage(frame& f);
void add_top(frame& f);
void add_traces(frame& f);
void add_version(frame& f);

} // namespace infra::cli
