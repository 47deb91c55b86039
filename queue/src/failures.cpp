#include <infra/queue/failures.hpp>

#include <infra/base/error_signature.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace infra::queue {
namespace {

constexpr std::size_t failures_of_a_look = 500;
constexpr std::size_t most_groups = 200;
constexpr std::size_t most_of_reason = 2048;

// FNV-1a: the same in every process, so that addresses stay good.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed) noexcept {
    for (const char c : text)
        seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return seed;
}

std::string id_of(std::string_view name, std::string_view signature) {
    const auto hash = hash_of(signature, hash_of("\n", hash_of(name, 0xcbf29ce484222325)));
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

// No character is halved.
std::string beginning(std::string_view text) {
    auto end = std::min(text.size(), most_of_reason);
    while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return std::string(text.substr(0, end)) + (end < text.size() ? "…" : "");
}

list_request failed_of(const std::string& queue, std::string cursor) {
    return {.filter = {.queue = queue, .states = {job_state::failed}},
            .max = failures_of_a_look,
            .newest_first = true,
            .cursor = std::move(cursor)};
}

} // namespace

std::string failure_group_of(const job_info& failed) {
    return id_of(failed.name, error_signature(failed.failed_reason));
}

void failure_counter::add(const job_info& failed) {
    ++failed_;
    auto signature = error_signature(failed.failed_reason);
    auto id = id_of(failed.name, signature);
    auto& group = by_id_[id];
    const auto at = failed.finished_at.value_or(failed.created_at);
    if (group.count++ == 0) {
        group.id = std::move(id);
        group.name = failed.name;
        group.signature = std::move(signature);
        group.first = at;
    }
    group.first = std::min(group.first, at);
    if (at >= group.last) {
        group.last = at;
        group.newest = failed.id;
        group.reason = beginning(failed.failed_reason);
    }
}

failure_groups failure_counter::groups() const {
    failure_groups made{.failed = failed_};
    for (const auto& [id, each] : by_id_)
        made.groups.push_back(each);
    std::ranges::sort(made.groups, [](const auto& a, const auto& b) {
        return std::pair(a.count, a.last) > std::pair(b.count, b.last);
    });
    if (made.groups.size() > most_groups) {
        made.left_out = made.groups.size() - most_groups;
        made.groups.resize(most_groups);
    }
    return made;
}

awaitable<failure_groups> group_failures(control jobs, std::string queue, std::chrono::milliseconds time) {
    const auto until = deadline::after(time, jobs.time().steady());
    failure_counter counted;
    std::string cursor;
    do {
        auto part = co_await jobs.list(failed_of(queue, std::move(cursor)));
        for (const auto& each : part.jobs)
            counted.add(each);
        cursor = std::move(part.next);
    } while (!cursor.empty() && counted.failed() < max_grouped && !until.passed(jobs.time().steady()));
    auto made = counted.groups();
    made.complete = cursor.empty();
    co_return made;
}

awaitable<change_result> change_failures(control jobs, job_change what, std::string queue, std::string group,
                                         std::string cursor, std::chrono::milliseconds time) {
    const auto until = deadline::after(time, jobs.time().steady());
    change_result all;
    do {
        auto part = co_await jobs.list(failed_of(queue, std::move(cursor)));
        change_request request{.what = what};
        for (const auto& each : part.jobs)
            if (failure_group_of(each) == group)
                request.jobs.push_back({each.queue, each.id});
        if (!request.jobs.empty())
            all.changed += (co_await jobs.change(std::move(request))).changed;
        cursor = std::move(part.next);
    } while (!cursor.empty() && !until.passed(jobs.time().steady()));
    all.next = std::move(cursor);
    co_return all;
}

} // namespace infra::queue
