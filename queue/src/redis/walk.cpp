#include "walk.hpp"

#include "found_jobs.hpp"
#include "scripts.hpp"

#include <algorithm>
#include <array>

namespace infra::queue::redis_backend {
namespace {

// What stands apart in a queue that version 5 has paused is next to what waits. Behind the heads of their groups others are parked.
constexpr std::array<std::pair<std::string_view, job_state>, 9> all_places{
    {{"wait", job_state::waiting},
     {"paused", job_state::waiting},
     {"prioritized", job_state::waiting},
     {"parked", job_state::waiting},
     {"delayed", job_state::delayed},
     {"active", job_state::active},
     {"completed", job_state::completed},
     {"failed", job_state::failed},
     {"waiting-children", job_state::waiting_children}}};

bool is_place(std::string_view name) {
    return std::ranges::find(all_places, name, &decltype(all_places)::value_type::first) != all_places.end();
}

std::string take_word(std::string_view& from) {
    const auto end = from.find(':');
    std::string word(from.substr(0, end));
    from.remove_prefix(end == from.npos ? from.size() : end + 1);
    return word;
}

} // namespace

std::string to_text(const walk_place& place) {
    return place.queue + ':' + place.stands + ':' + place.mark + ':' + place.after;
}

std::optional<walk_place> read_walk_place(std::string_view cursor) {
    if (std::ranges::count(cursor, ':') < 3)
        return std::nullopt;
    walk_place place{.queue = take_word(cursor), .stands = take_word(cursor), .mark = take_word(cursor)};
    place.after = cursor;
    return is_place(place.stands) ? std::optional(std::move(place)) : std::nullopt;
}

std::vector<std::string_view> places_of(const std::vector<job_state>& states) {
    std::vector<std::string_view> places;
    for (const auto& [name, state] : all_places)
        if (states.empty())
            places.push_back(name);
    for (const auto wanted : states)
        for (const auto& [name, state] : all_places)
            if (state == wanted && std::ranges::find(places, name) == places.end())
                places.push_back(name);
    return places;
}

walk::walk(terms of, std::string_view cursor) : terms_(std::move(of)) {
    if (terms_.queues.empty() || terms_.places.empty())
        return;
    if (cursor.empty())
        at_ = walk_place{.queue = terms_.queues.front(), .stands = std::string(terms_.places.front())};
    else
        at_ = read_walk_place(cursor);
    if (at_ && std::ranges::find(terms_.places, at_->stands) == terms_.places.end())
        at_.reset();
}

redis::command walk::command(std::string_view prefix, std::size_t most) {
    asked_ = most;
    const std::vector<std::string> words{
        at_->stands, std::to_string(most),        terms_.newest_first ? "newest" : "", at_->after,
        at_->mark,   terms_.ids_only ? "ids" : ""};
    return scripts::list_jobs.call(std::vector{queue_keys(prefix, at_->queue).base()}, words)
        .again(redis::replay::read);
}

std::vector<walked_job> walk::read(redis::reply answer) {
    auto parts = std::move(answer).take_items();
    before_ = static_cast<std::size_t>(parts.at(0).as_integer());
    passed_ = 0;
    std::vector<walked_job> jobs;
    for (auto& entry : std::move(parts.at(1)).take_items()) {
        auto each = std::move(entry).take_items();
        jobs.push_back({.id = std::move(each.at(0)).take_text(),
                        .score = redis::to<std::optional<std::string>>(std::move(each.at(1))).value_or(""),
                        .info = read_found(at_->queue, std::move(each.at(2)))});
    }
    came_ = jobs.size();
    return jobs;
}

void walk::pass(const walked_job& job) {
    ++passed_;
    at_->after = job.id;
    at_->mark = job.score.empty() ? std::to_string(before_ + passed_) : job.score;
}

void walk::end_step() {
    if (came_ < asked_)
        go_to_next_place();
}

void walk::go_to_next_place() {
    const auto place = std::ranges::find(terms_.places, at_->stands) + 1;
    if (place != terms_.places.end()) {
        at_ = walk_place{.queue = at_->queue, .stands = std::string(*place)};
        return;
    }
    const auto queue = std::ranges::upper_bound(terms_.queues, at_->queue);
    if (queue == terms_.queues.end())
        at_.reset();
    else
        at_ = walk_place{.queue = *queue, .stands = std::string(terms_.places.front())};
}

} // namespace infra::queue::redis_backend
