#pragma once

// Answers and states as text, so that two backends can be compared and a difference can be read.

#include <infra/queue/backend.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::tests {

/// What a job is called in a text, whatever the backend calls it.
using called = std::function<std::string(const job_id&)>;

std::string words_of(wall_time t);
std::string words_of(const job_options& options);
std::string words_of(const schedule& when);

/// All but the fence, which each backend counts as it likes.
std::string words_of(const job_info& job, const called& name);
std::string words_of(const child_info& child, const called& name);
std::string words_of(const claimed_job& job, const called& name);
std::string words_of(const added_job& job, const called& name);
std::string words_of(const job_event& event, const called& name);
std::string words_of(const schedule_info& s);
std::string words_of(const queue_counts& counts);
std::string words_of(const queue_settings& settings);
std::string words_of(const minute_counts& minute);
std::string words_of(const log_line& line);
std::string words_of(const new_job& job);
std::string words_of(const job_filter& filter);

std::string words_of_bools(const std::vector<bool>& all, const called&);

template <class Range, class... Name>
std::string words_of_all(const Range& all, const Name&... name) {
    std::string text;
    for (const auto& each : all)
        text += words_of(each, name...) + "\n";
    return text;
}

/// The first line in which they differ.
std::string first_difference(std::string_view subject, std::string_view model);

} // namespace infra::queue::tests
