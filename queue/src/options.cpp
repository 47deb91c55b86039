#include <infra/queue/options.hpp>

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace infra::queue {
namespace {

constexpr int max_attempts = 1'000'000;
constexpr int max_priority = 2'097'151; // 2^21 - 1: BullMQ packs it into a double beside 32 bits of order
constexpr std::size_t max_id_bytes = 200;
constexpr std::size_t max_name_bytes = 100;

// Keys that BullMQ keeps beside a queue's jobs; a job of that name would overwrite one.
constexpr std::array<std::string_view, 21> reserved_ids = {
    "active",  "completed",        "de",           "delay",   "delayed", "dn", "events",      "failed", "id",
    "limiter", "marker",           "meta",         "metrics", "paused",  "pc", "prioritized", "repeat", "stalled",
    "wait",    "waiting-children", "stalled-check"};

void require(bool holds, std::string_view option, std::string_view demand) {
    if (!holds)
        throw std::invalid_argument(std::string("queue::").append(option).append(" ").append(demand));
}

// A field of options, named only where that is needed: every job that is added is checked.
void require(bool holds, std::string_view what, std::string_view field, std::string_view demand) {
    if (!holds)
        require(false, std::string(what).append("::").append(field), demand);
}

bool printable(char c) noexcept { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; }

// UTF-8, since it ends up in JSON, metrics and addresses. Spaces may stand inside a name but not around it, where nobody sees them.
bool is_printable(std::string_view text) {
    return !text.empty() && printable(text.front()) && printable(text.back()) &&
           std::ranges::all_of(text, [](char c) { return printable(c) || c == ' '; }) && encoding::is_utf8(text);
}

bool is_number(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void check_keep(const keep& k, std::string_view what, std::string_view field) {
    require(!k.age || *k.age >= std::chrono::seconds::zero(), what, field, "must not have a negative age");
}

void check_ttl(const std::optional<std::chrono::milliseconds>& ttl, std::string_view what) {
    require(!ttl || *ttl >= std::chrono::milliseconds(1), what, "ttl", "must be at least 1 ms");
}

void check_deduplication(const deduplication& by) {
    constexpr std::string_view what = "deduplication";
    require(!by.id.empty() && by.id.size() <= max_id_bytes && encoding::is_utf8(by.id), what,
            "must have an id of 1 to 200 bytes of UTF-8");
    check_ttl(by.ttl, what);
    require(!by.extend || by.ttl, what, "extends a ttl, and has none");
    require(!by.keep_last_if_active || !by.ttl, what, "takes keep_last_if_active or a ttl, not both");
}

} // namespace

std::string_view to_string(job_state state) noexcept {
    static constexpr std::string_view names[] = {"waiting",   "delayed", "active",
                                                 "completed", "failed",  "waiting_children"};
    return names[static_cast<std::size_t>(state)];
}

std::string_view to_string(child_failure policy) noexcept {
    static constexpr std::string_view names[] = {"fail_parent", "continue_parent", "ignore", "remove", "wait"};
    return names[static_cast<std::size_t>(policy)];
}

void check_job_id(std::string_view id) {
    constexpr std::string_view what = "enqueue_options::id";
    require(!id.empty() && id.size() <= max_id_bytes, what, "must have 1 to 200 bytes");
    require(is_printable(id), what, "must be printable, without spaces around it");
    require(!is_number(id), what, "must not be a number alone: those are given out by BullMQ");
    require(id.find(':') == std::string_view::npos, what, "must not contain a colon");
    require(!std::ranges::count(reserved_ids, id), what, "must not be the name of a BullMQ key, such as \"meta\"");
}

void check_name(std::string_view what, std::string_view name) {
    require(!name.empty() && name.size() <= max_name_bytes, what, "must have 1 to 100 bytes");
    require(is_printable(name), what, "must be printable, without spaces around it");
    require(name.find(':') == std::string_view::npos, what, "must not contain a colon");
}

void check(const job_options& options, std::string_view what) {
    require(options.attempts >= 1 && options.attempts <= max_attempts, what, "attempts", "must be from 1 to 1000000");
    require(options.priority >= 0 && options.priority <= max_priority, what, "priority", "must be from 0 to 2097151");
    require(!options.timeout || *options.timeout > std::chrono::milliseconds::zero(), what, "timeout",
            "must be positive");
    check_ttl(options.ttl, what);
    if (options.backoff != backoff{})
        validate(options.backoff, std::string("queue::").append(what).append("::backoff"));
    check_keep(options.keep_completed, what, "keep_completed");
    check_keep(options.keep_failed, what, "keep_failed");
}

void check(const enqueue_options& options) {
    require(options.delay >= std::chrono::milliseconds::zero(), "enqueue_options::delay", "must not be negative");
    require(options.delay == std::chrono::milliseconds::zero() || !options.run_at, "enqueue_options",
            "takes a delay or a run_at, not both");
    if (options.id)
        check_job_id(*options.id);
    check_ttl(options.ttl, "enqueue_options");
    if (options.deduplicate)
        check_deduplication(*options.deduplicate);
    if (options.group)
        require(!options.group->empty() && options.group->size() <= max_id_bytes && encoding::is_utf8(*options.group),
                "enqueue_options::group", "must have 1 to 200 bytes of UTF-8");
    if (options.wait_for_room)
        require(*options.wait_for_room >= std::chrono::milliseconds::zero(), "enqueue_options::wait_for_room",
                "must not be negative");
    if (options.queue)
        check_name("enqueue_options::queue", *options.queue);
}

} // namespace infra::queue
