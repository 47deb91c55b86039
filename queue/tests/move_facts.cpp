#include "move_facts.hpp"

namespace infra::queue::tests {
namespace {

using namespace std::chrono_literals;

std::string text_of(const std::optional<wall_time>& at) { return at ? std::to_string(to_unix_ms(*at)) : "-"; }

std::string text_of(const job_options& o) {
    const auto count = [](const keep& k) { return k.count ? std::to_string(*k.count) : "all"; };
    return std::to_string(o.attempts) + "/" + std::to_string(o.priority) + "/" + (o.lifo ? "lifo" : "fifo") + "/" +
           std::to_string(o.backoff.delay.count()) + "/" + std::to_string(o.timeout.value_or(0ms).count()) + "/" +
           count(o.keep_completed) + "/" + count(o.keep_failed);
}

} // namespace

std::string text_of(const job_info& j) {
    std::string text = j.queue + ":" + j.id + " " + std::string(to_string(j.state)) + " " + j.name + " " + j.data +
                       " result " + j.result + " reason " + j.failed_reason + " attempts " +
                       std::to_string(j.attempts_made) + " fence " + std::to_string(j.fence) + " stalls " +
                       std::to_string(j.stalls) + " at " + text_of(j.created_at) + " " + text_of(j.run_at) + " " +
                       text_of(j.started_at) + " " + text_of(j.finished_at) + " " + text_of(j.expires_at) + " " +
                       text_of(j.options) + " once " + j.deduplication_id + " progress " + j.progress + " group " +
                       j.group + " parent " + (j.parent ? j.parent->queue + ":" + j.parent->id : "-") + " children " +
                       std::to_string(j.children.pending) + "/" + std::to_string(j.children.completed) + "/" +
                       std::to_string(j.children.failed);
    for (const auto& e : j.errors)
        text += " error " + std::to_string(e.attempt) + " " + text_of(e.at) + " " + e.reason;
    return text;
}

std::string text_of(const job_key& parent, const child_info& c) {
    return parent.queue + ":" + parent.id + " has " + c.job.queue + ":" + c.job.id + " " +
           std::string(to_string(c.state)) + " " + c.result + " " + c.failed_reason + " " +
           std::string(to_string(c.on_failure));
}

std::string text_of(const schedule_info& s) {
    return "schedule " + s.queue + ":" + s.id + " " + s.when.pattern + " " + s.name + " " + s.data + " " +
           std::to_string(s.runs) + " " + text_of(s.next) + " " + text_of(s.last) + " " + text_of(s.options) +
           (s.paused_since ? " paused since " + text_of(s.paused_since) : "") + (s.pending ? " pending" : "");
}

std::string text_of(const queue_settings& s) {
    return "settings " + s.queue + " " + std::to_string(s.concurrency) + " " + std::to_string(s.rate.max) + " " +
           std::to_string(s.rate.duration.count()) + " " + std::to_string(s.max_length) + " " +
           std::to_string(s.per_group.concurrency);
}

std::string text_of(const job_key& job, const log_line& line) {
    return job.id + " said " + text_of(line.at) + " " + line.text;
}

} // namespace infra::queue::tests
