#include "log_rows.hpp"
#include "naming.hpp"
#include "scripts.hpp"

#include <infra/queue/operations.hpp>

#include <map>

namespace infra::queue::redis_backend {
namespace {

using words = std::vector<std::string>;

void put_note(words& into, const note& n) {
    const auto lines = std::min(n.lines.size(), max_log_lines); // of more the first would go at once
    into.insert(into.end(), {n.held.job.id, n.held.token, n.progress ? "told" : "", n.progress.value_or(""),
                             std::to_string(lines)});
    for (auto i = n.lines.size() - lines; i < n.lines.size(); ++i)
        into.push_back(to_row(n.lines[i]));
}

/// Of one queue, in order.
redis::command tell_command(const queue_keys& of, const std::vector<note>& notes,
                            const std::vector<std::size_t>& which) {
    words all{std::to_string(max_log_lines)};
    for (const auto i : which)
        put_note(all, notes[i]);
    // Lines would stand there twice.
    return scripts::tell.call(std::vector{of.base()}, all).again(redis::replay::never);
}

} // namespace

awaitable<std::vector<bool>> tell(shared_store s, std::vector<note> notes) {
    std::map<std::string, std::vector<std::size_t>> by_queue;
    for (std::size_t i = 0; i < notes.size(); ++i)
        by_queue[notes[i].held.job.queue].push_back(i);
    std::vector<bool> kept(notes.size());
    for (const auto& [queue, which] : by_queue) {
        const auto answers = co_await s->ask(tell_command(s->keys(queue), notes, which));
        for (std::size_t i = 0; i < which.size(); ++i)
            kept[which[i]] = answers.items().at(i).as_integer() == 1;
    }
    co_return kept;
}

awaitable<std::vector<log_line>> logs(shared_store s, job_key job) {
    job = (co_await with_queues(s, {std::move(job)})).front();
    std::vector<log_line> lines;
    if (job.queue.empty())
        co_return lines;
    const auto key = s->keys(job.queue).of_job(job.id, job_part::logs);
    redis::command last{"LRANGE", key, -static_cast<std::int64_t>(max_log_lines), -1};
    for (auto& row : redis::to<std::vector<std::string>>(co_await s->ask(std::move(last))))
        lines.push_back(read_row(std::move(row)));
    co_return lines;
}

} // namespace infra::queue::redis_backend
