#include "keys.hpp"

#include <infra/base/encoding.hpp>
#include <infra/queue/schedules.hpp>

namespace infra::queue::redis_backend {
namespace {

constexpr std::string_view worker_mark = ":w:";

std::string joined(std::string_view a, char between, std::string_view b) {
    std::string all;
    all.reserve(a.size() + 1 + b.size());
    return all.append(a).append(1, between).append(b);
}

std::string_view suffix_of(job_part part) {
    static constexpr std::string_view names[] = {"",           ":lock",   ":logs",        ":dependencies",
                                                 ":processed", ":failed", ":unsuccessful"};
    return names[static_cast<std::size_t>(part)];
}

bool is_in_names(char c) noexcept { return c >= '!' && c <= '~'; }

} // namespace

queue_keys::queue_keys(std::string_view prefix, std::string_view queue) : base_(joined(prefix, ':', queue)) {}

std::string queue_keys::of_queue(std::string_view what) const { return joined(base_, ':', what); }

std::string queue_keys::of_job(std::string_view id, job_part part) const {
    return joined(base_, ':', id).append(suffix_of(part));
}

std::string queue_keys::ours(std::string_view what) const { return joined(base_, '~', what); }

namespace {

// Ids with colons are those of schedules' runs: `repeat:<schedule>:<ms>`.
std::size_t before_id_in(std::string_view job_key) {
    constexpr std::string_view run_begins = ":repeat:";
    const auto run = job_key.find(run_begins);
    return run != job_key.npos && run_of(job_key.substr(run + 1)) ? run : job_key.rfind(':');
}

} // namespace

std::optional<job_place> place_of(std::string_view job_key) {
    const auto before_id = before_id_in(job_key);
    if (before_id == std::string_view::npos || before_id == 0)
        return std::nullopt;
    const auto before_queue = job_key.rfind(':', before_id - 1);
    if (before_queue == std::string_view::npos)
        return std::nullopt;
    return job_place{.prefix = std::string(job_key.substr(0, before_queue)),
                     .queue = std::string(job_key.substr(before_queue + 1, before_id - before_queue - 1)),
                     .id = std::string(job_key.substr(before_id + 1))};
}

std::string_view hash_tag(std::string_view key) noexcept {
    const auto open = key.find('{');
    if (open == std::string_view::npos)
        return {};
    const auto close = key.find('}', open + 1);
    return close == std::string_view::npos ? std::string_view() : key.substr(open + 1, close - open - 1);
}

std::string worker_connection(std::string_view prefix, std::string_view queue, std::string_view worker) {
    auto name = joined(prefix, ':', encoding::base64_encode(queue));
    if (worker.empty())
        return name;
    name.append(worker_mark);
    for (const char c : worker)
        name += is_in_names(c) ? c : '-';
    return name;
}

// Base64 has no colons, so the first one after the prefix ends the queue.
std::optional<named_worker> worker_of(std::string_view prefix, std::string_view connection) {
    if (!connection.starts_with(prefix) || !connection.substr(prefix.size()).starts_with(':'))
        return std::nullopt;
    const auto rest = connection.substr(prefix.size() + 1);
    const auto end = rest.find(':');
    const auto marked = end == std::string_view::npos ? std::string_view() : rest.substr(end);
    auto queue = encoding::base64_decode(rest.substr(0, end));
    if (!queue || queue->empty() || (!marked.empty() && !marked.starts_with(worker_mark)))
        return std::nullopt;
    return named_worker{.queue = *std::move(queue),
                        .worker = std::string(marked.substr(marked.empty() ? 0 : worker_mark.size()))};
}

} // namespace infra::queue::redis_backend
