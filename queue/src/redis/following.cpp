#include "following.hpp"

#include <limits>

namespace infra::queue::redis_backend {
namespace {

constexpr std::size_t entries_of_a_page = 1000;

std::optional<job_event> end_in(const job_key& job, const std::vector<stream_entry>& entries) {
    for (const auto& each : entries)
        if (auto what = to_event(job.queue, each.id, each.fields))
            if (what->id == job.id &&
                (what->what == job_event::kind::completed || what->what == job_event::kind::failed))
                return what;
    return std::nullopt;
}

} // namespace

entry_id next_after(entry_id id) noexcept {
    if (id.sequence == std::numeric_limits<std::uint64_t>::max())
        return {.ms = id.ms + 1};
    return {.ms = id.ms, .sequence = id.sequence + 1};
}

redis::command last_entry_command(const queue_keys& of) {
    return {"XREVRANGE", of.of_queue("events"), "+", "-", "COUNT", 1};
}

entry_id read_last_entry(redis::reply answer) {
    const auto entries = read_entries(std::move(answer));
    return entries.empty() ? entry_id{} : entries.front().id;
}

awaitable<std::optional<job_event>> find_end(shared_store s, job_key job, entry_id after, entry_id to) {
    const auto key = s->keys(job.queue).of_queue("events");
    while (after < to) {
        redis::command page{"XRANGE", key, to_text(next_after(after)), to_text(to), "COUNT", entries_of_a_page};
        const auto entries = read_entries(co_await s->ask(std::move(page)));
        if (auto end = end_in(job, entries))
            co_return end;
        if (entries.size() < entries_of_a_page)
            break;
        after = entries.back().id;
    }
    co_return std::nullopt;
}

} // namespace infra::queue::redis_backend
