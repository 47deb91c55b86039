#include "attendance.hpp"

#include "dead.hpp"
#include "verbs.hpp"

#include <infra/base/json.hpp>

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

std::string_view kept_name(std::string_view worker) { return worker.substr(0, max_worker_bytes); }

void write_worker(store& s, const attendance::worker& who) {
    const auto here = s.alive.where();
    query(s.db, "INSERT OR REPLACE INTO infra_workers (number, device, inode, worker, queues, since) VALUES (?1, ?2, "
                "?3, ?4, ?5, ?6)")
        .bind(who.number, here.device, here.inode, who.info.name, json::to_text(who.info.queues),
              to_unix_ms(who.info.since))
        .run();
}

std::vector<std::string> read_queues(const std::string& text) {
    auto read = json::parse<std::vector<std::string>>(text, {.max_bytes = text.size()});
    return read ? *std::move(read) : std::vector<std::string>();
}

// Those of this process as they are known here: some file systems give no bytes.
std::vector<worker_info> all_workers(store& s) {
    std::vector<worker_info> found;
    for (const auto& [name, each] : s.here.all())
        found.push_back(each.info);
    query q(s.db, "SELECT number, device, inode, worker, queues, since FROM infra_workers WHERE worker IS NOT NULL");
    while (q.step())
        if (!s.here.all().contains(q.view(3)) && s.alive.is_here(q.integer(0), {q.integer(1), q.integer(2)}))
            found.push_back({.name = q.text(3), .queues = read_queues(q.text(4)), .since = from_unix_ms(q.integer(5))});
    return found;
}

} // namespace

attendance::~attendance() {
    for (const auto& [name, each] : all_)
        if (each.number)
            alive_.release(*each.number);
}

attendance::worker* attendance::find_or_add(std::string_view name, wall_time now) {
    if (const auto found = all_.find(name); found != all_.end())
        return &found->second;
    if (all_.size() >= max_workers)
        return nullptr;
    return &all_.emplace(name, worker{.info = {.name = std::string(name), .since = now}}).first->second;
}

std::optional<std::int64_t> attendance::remove(std::string_view name) {
    const auto found = all_.find(name);
    if (found == all_.end())
        return std::nullopt;
    const auto number = found->second.number;
    if (number)
        alive_.release(*number);
    all_.erase(found);
    return number;
}

void attendance::write_again() noexcept {
    for (auto& [name, each] : all_)
        each.is_written = false;
}

void attend(store& s, const claim_request& by) {
    auto* who = by.worker.empty() ? nullptr : s.here.find_or_add(kept_name(by.worker), by.now);
    if (!who || (who->is_written && who->info.queues == by.queues))
        return;
    who->info.queues = by.queues;
    if (!who->number)
        who->number = take_number(s);
    who->is_written = who->number.has_value();
    if (who->is_written)
        write_worker(s, *who);
}

void leave(store& s, const std::string& worker) {
    if (const auto number = s.here.remove(kept_name(worker)))
        query(s.db, "DELETE FROM infra_workers WHERE number = ?1").bind(*number).run();
}

std::vector<worker_info> workers(store& s, const std::vector<std::string>& queues) {
    auto found = all_workers(s);
    if (!queues.empty())
        std::erase_if(found, [&](const worker_info& each) {
            return std::ranges::find_first_of(each.queues, queues) == each.queues.end();
        });
    std::ranges::sort(found, {}, [](const worker_info& each) { return std::pair(each.since, each.name); });
    return found;
}

} // namespace infra::queue::sqlite
