#include "roll.hpp"

#include "fields.hpp"
#include "keys.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr std::string_view mark_of_process = "infra-queue:";

struct connection_row {
    std::string_view id{}, address{}, name{}, age{};
};

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (auto end = text.find(at); end != std::string_view::npos; end = text.find(at)) {
        parts.push_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    parts.push_back(text);
    return parts;
}

// `id=3 addr=127.0.0.1:50000 … name=bull:bWFpbA== age=7 …`
connection_row read_row(std::string_view line) {
    connection_row row;
    for (const auto word : split(line, ' '))
        for (auto [mark, value] : {std::pair("id=", &row.id), std::pair("addr=", &row.address),
                                   std::pair("name=", &row.name), std::pair("age=", &row.age)})
            if (word.starts_with(mark))
                *value = word.substr(std::string_view(mark).size());
    return row;
}

std::vector<connection_row> rows_of(std::string_view client_list) {
    std::vector<connection_row> rows;
    for (const auto line : split(client_list, '\n'))
        rows.push_back(read_row(line));
    return rows;
}

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

std::string name_of_process(std::string_view process, const std::set<std::int64_t>& shown) {
    auto name = std::string(mark_of_process).append(process);
    for (const auto id : shown)
        name.append(1, ':').append(std::to_string(id));
    return name;
}

seen_connections read_connections(std::string_view prefix, std::string_view client_list, wall_time now) {
    seen_connections seen;
    std::set<std::string, std::less<>> ours;
    const auto rows = rows_of(client_list);
    for (const auto& row : rows)
        if (row.name.starts_with(mark_of_process)) {
            auto words = split(row.name.substr(mark_of_process.size()), ':');
            seen.processes.insert(std::string(words.front()));
            ours.insert(words.begin() + 1, words.end());
        }
    for (const auto& row : rows)
        if (auto worker = worker_of(prefix, row.name); worker && !ours.contains(row.id))
            seen.others.push_back({.name = worker->worker.empty() ? std::string(row.address) : worker->worker,
                                   .queues = {worker->queue},
                                   .since = now - std::chrono::seconds(leading_integer(row.age).value_or(0))});
    return seen;
}

} // namespace infra::queue::redis_backend
