#include "failures.hpp"

#include "../texts.hpp"
#include "signature.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace infra::dashboard {
namespace {

constexpr std::size_t step = 500;
constexpr std::size_t most_groups = 200;
constexpr std::size_t most_of_reason = 2048;
constexpr std::chrono::milliseconds time_to_look{2'500};
constexpr std::chrono::milliseconds good_at_least{2'000};

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

queue::list_request failed_of(const std::string& queue, std::string cursor) {
    return {.filter = {.queue = queue, .states = {queue::job_state::failed}},
            .max = step,
            .newest_first = true,
            .cursor = std::move(cursor)};
}

std::size_t ended_in(const std::vector<queue::minute_counts>& minutes) noexcept {
    std::size_t sum = 0;
    for (const auto& each : minutes)
        sum += each.failed;
    return minutes.empty() ? 0 : sum + static_cast<std::size_t>(to_unix_ms(minutes.back().minute));
}

awaitable<failure_groups> group_failures(queue::control jobs, std::string queue) {
    const auto until = deadline::after(time_to_look, jobs.time().steady());
    failure_counter counted;
    std::string cursor;
    do {
        auto part = co_await jobs.list(failed_of(queue, std::move(cursor)));
        for (const auto& each : part.jobs)
            counted.add(each);
        cursor = std::move(part.next);
    } while (!cursor.empty() && counted.failed() < most_grouped && !until.passed(jobs.time().steady()));
    auto made = counted.groups();
    made.complete = cursor.empty();
    co_return made;
}

// `<how many were seen>:<the list's>`
std::pair<std::size_t, std::string> read_cursor(const std::string& text) {
    std::size_t seen = 0;
    const auto colon = text.find(':');
    std::from_chars(text.data(), text.data() + std::min(colon, text.size()), seen);
    return {seen, colon == std::string::npos ? std::string() : text.substr(colon + 1)};
}

} // namespace

std::string group_of(const queue::job_info& failed) {
    return id_of(failed.name, error_signature(failed.failed_reason));
}

void failure_counter::add(const queue::job_info& failed) {
    ++failed_;
    auto signature = error_signature(failed.failed_reason);
    auto& group = by_id_[id_of(failed.name, signature)];
    const auto at = failed.finished_at.value_or(failed.created_at);
    if (group.count++ == 0) {
        group.id = id_of(failed.name, signature);
        group.name = failed.name;
        group.signature = std::move(signature);
        group.first = at;
    }
    group.first = std::min(group.first, at);
    if (at >= group.last) {
        group.last = at;
        group.newest = failed.id;
        group.reason = cut(failed.failed_reason, most_of_reason);
    }
}

failure_groups failure_counter::groups() const {
    failure_groups made{.failed = failed_};
    for (const auto& [id, each] : by_id_)
        made.groups.push_back(each);
    std::ranges::sort(made.groups, [](const auto& a, const auto& b) {
        return std::pair(a.count, a.last) > std::pair(b.count, b.last);
    });
    if (made.groups.size() > most_groups)
        made.groups.resize(most_groups);
    return made;
}

awaitable<failure_watch::seen> failure_watch::look(queue::control jobs, std::string queue, std::size_t failed,
                                                   std::vector<queue::minute_counts> minutes) {
    const auto self = shared_from_this();
    const auto ended = ended_in(minutes);
    const auto begun = jobs.time().steady();
    {
        const std::scoped_lock lock(self->mutex_);
        const auto found = self->known_.find(queue);
        if (found != self->known_.end()) {
            const auto& k = found->second;
            if ((k.failed == failed && k.ended == ended) || begun < k.good_until)
                co_return k.groups;
        }
    }
    auto fresh = std::make_shared<const failure_groups>(co_await group_failures(jobs, queue));
    const auto now = jobs.time().steady();
    const std::scoped_lock lock(self->mutex_);
    if (self->known_.size() >= 1000)
        self->known_.clear();
    self->known_[queue] = {.groups = fresh,
                           .failed = failed,
                           .ended = ended,
                           .good_until = now + std::max<steady_time::duration>(good_at_least, (now - begun) * 10)};
    co_return fresh;
}

void failure_watch::forget(const std::string& queue) noexcept {
    const std::scoped_lock lock(mutex_);
    known_.erase(queue);
}

awaitable<queue::change_result> change_group(queue::control jobs, queue::job_change what, std::string queue,
                                             std::string group, std::string cursor, std::chrono::milliseconds time) {
    const auto until = deadline::after(time, jobs.time().steady());
    auto [seen, at] = read_cursor(cursor);
    queue::change_result all;
    do {
        auto part = co_await jobs.list(failed_of(queue, std::move(at)));
        queue::change_request request{.what = what};
        for (const auto& each : part.jobs)
            if (seen++ < most_grouped && group_of(each) == group)
                request.jobs.push_back({each.queue, each.id});
        if (!request.jobs.empty())
            all.changed += (co_await jobs.change(std::move(request))).changed;
        at = std::move(part.next);
    } while (!at.empty() && seen < most_grouped && !until.passed(jobs.time().steady()));
    if (!at.empty() && seen < most_grouped)
        all.next = std::to_string(seen) + ":" + at;
    co_return all;
}

} // namespace infra::dashboard
