#include "roll.hpp"

#include "fields.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr std::string_view mark_of_process = "infra-queue:";
constexpr std::string_view name_in_list = " name=";

std::vector<std::string> texts_in(const json::object& object, std::string_view member) {
    std::vector<std::string> texts;
    if (const auto* found = object.if_contains(member); found && found->is_array())
        for (const auto& each : found->get_array())
            if (const auto* text = each.if_string())
                texts.emplace_back(text->data(), text->size());
    return texts;
}

} // namespace

bool roll::is_news(std::string_view worker, const std::vector<std::string>& queues) const {
    const auto known = all_.find(worker);
    if (known == all_.end())
        return all_.size() < max_workers;
    return !std::ranges::all_of(queues, [&](const std::string& queue) {
        return std::ranges::find(known->second.queues, queue) != known->second.queues.end();
    });
}

void roll::enter(const std::string& worker, const std::string& name, const std::vector<std::string>& queues,
                 wall_time now) {
    auto& there = all_.try_emplace(worker, present_worker{.since = now}).first->second;
    there.name = name;
    for (const auto& queue : queues)
        if (std::ranges::find(there.queues, queue) == there.queues.end())
            there.queues.push_back(queue);
}

bool roll::leave(std::string_view worker) {
    const auto known = all_.find(worker);
    if (known == all_.end())
        return false;
    all_.erase(known);
    return true;
}

std::set<std::pair<std::string, std::string>> roll::shown() const {
    std::set<std::pair<std::string, std::string>> shown;
    for (const auto& [worker, there] : all_)
        for (const auto& queue : there.queues)
            shown.emplace(queue, there.name);
    return shown;
}

std::string field_of(std::string_view process, std::string_view worker) {
    return std::string(process).append(1, ':').append(worker);
}

std::string_view process_in(std::string_view field) noexcept { return field.substr(0, field.find(':')); }

std::string to_text(const present_worker& w) {
    return json::to_text(
        json::object{{"queues", json::array(w.queues.begin(), w.queues.end())}, {"since", to_unix_ms(w.since)}});
}

std::optional<worker_info> read_worker(std::string_view field, std::string_view text) {
    const auto colon = field.find(':');
    const auto read = read_object(text);
    if (colon == std::string_view::npos || !read)
        return std::nullopt;
    return worker_info{.name = std::string(field.substr(colon + 1)),
                       .queues = texts_in(*read, "queues"),
                       .since = time_in(*read, "since").value_or(wall_time{})};
}

std::string name_of_process(std::string_view process) { return std::string(mark_of_process).append(process); }

std::set<std::string, std::less<>> processes_in(std::string_view client_list) {
    std::set<std::string, std::less<>> processes;
    for (auto at = client_list.find(name_in_list); at != std::string_view::npos;
         at = client_list.find(name_in_list, at + 1)) {
        const auto name = client_list.substr(at + name_in_list.size());
        if (name.starts_with(mark_of_process))
            processes.emplace(name.substr(mark_of_process.size(), name.find(' ') - mark_of_process.size()));
    }
    return processes;
}

} // namespace infra::queue::redis_backend
