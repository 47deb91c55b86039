#pragma once

// What a job knows of its parent: `parent` and `parentKey` of its hash, and their echo in its opts.

#include <infra/base/json.hpp>
#include <infra/queue/children.hpp>

#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

struct parent_link {
    std::string queue_key{}; ///< the base of the parent's queue
    std::string id{};
    child_failure on_failure = child_failure::wait; ///< what BullMQ does with a child of no flag

    std::string key() const { return queue_key + ':' + id; }
    job_key job() const; ///< without the prefix

    friend bool operator==(const parent_link&, const parent_link&) = default;
};

/// `{"id":"album","queueKey":"bull:albums","fpof":true}`
std::string to_text(const parent_link& link);
json::result<parent_link> read_parent(std::string_view text);

/// BullMQ's reason of a parent that a child failed names the child's key: `child bull:photos:7 failed`. As people know it:
/// `child photos:7 failed`.
std::string shown_reason(std::string reason);

/// What BullMQ calls it; empty for child_failure::wait.
std::string_view flag_of(child_failure policy) noexcept;

/// Into opts: `parent` and the flag.
void put_parent(json::object& opts, const parent_link& link);

} // namespace infra::queue::redis_backend
