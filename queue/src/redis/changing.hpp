#pragma once

// Changes that people make to jobs whose keys are known: the calls of scripts/{retry,promote,cancel,remove}_jobs.lua.

#include "verbs.hpp"

#include <string>
#include <vector>

namespace infra::queue::redis_backend {

/// Jobs of one queue.
struct queue_part {
    std::string base{};
    std::vector<std::string> ids{};

    friend bool operator==(const queue_part&, const queue_part&) = default;
};

/// Those with these keys, in their order, `most` at once. A key that is none is left out.
std::vector<queue_part> parts_of_keys(const std::vector<std::string>& keys, std::size_t most);

/// Where jobs were seen that fit a filter: what has left it by now is left alone.
struct seen_place {
    std::string stands{};   ///< wait, failed …; empty: they are changed wherever they are
    std::size_t behind = 0; ///< of a list: so many stood before the first of them
};

/// Which of them were changed.
awaitable<std::vector<bool>> change_some(shared_store s, change_request by, queue_part jobs, seen_place at = {});

/// How many were.
awaitable<std::size_t> change_by_keys(shared_store s, change_request by, std::vector<std::string> keys);

/// The keys of all that a job waits for, and of what that waits for, from above to below. Throws where they are too many.
awaitable<std::vector<std::string>> all_below(shared_store s, std::string key);

} // namespace infra::queue::redis_backend
