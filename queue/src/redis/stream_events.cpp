#include "stream_events.hpp"

#include "parent_link.hpp"

#include <algorithm>
#include <charconv>

namespace infra::queue::redis_backend {
namespace {

using kind = job_event::kind;

constexpr int sequence_bits = 20;

std::string_view field(const hash_fields& entry, std::string_view name) {
    const auto* value = find_field(entry, name);
    return value ? std::string_view(*value) : std::string_view();
}

// Those that mean one thing, and the field that is the event's data.
struct plain_event {
    std::string_view name;
    kind what;
    std::string_view data{};
};
constexpr plain_event plain_events[] = {
    {"added", kind::added},
    {"active", kind::active},
    {"progress", kind::progress, "data"},
    {"completed", kind::completed, "returnvalue"},
    {"failed", kind::failed, "failedReason"},
    {"stalled", kind::stalled},
    {"removed", kind::removed},
    {"deduplicated", kind::deduplicated},
    {"paused", kind::paused},
    {"resumed", kind::resumed},
    {"waiting-children", kind::waiting_children},
    {cancel_requested_event, kind::cancel_requested},
};

// From `active` it comes back for reasons that only our entries tell.
std::optional<kind> kind_of_return(std::string_view marked) {
    if (marked == mark::retrying)
        return kind::retrying;
    return marked == mark::stalled ? std::nullopt : std::optional(kind::returned);
}

std::optional<kind> kind_of_waiting(std::string_view from, std::string_view marked) {
    if (from == "active")
        return kind_of_return(marked);
    if (from == "delayed")
        return marked == mark::promoted ? std::optional(kind::waiting) : std::nullopt;
    return from.empty() ? std::nullopt : std::optional(kind::waiting); // it was added a moment ago
}

std::optional<kind> kind_of_delayed(std::string_view marked) {
    if (marked == mark::retrying)
        return kind::retrying;
    return marked == mark::returned ? std::optional(kind::returned) : std::nullopt;
}

std::optional<std::pair<kind, std::string_view>> read_entry(const hash_fields& entry) {
    const auto name = field(entry, "event"), marked = field(entry, "infra");
    const auto with_reason = [&](std::optional<kind> what) {
        return what ? std::optional(std::pair(*what, field(entry, "reason"))) : std::nullopt;
    };
    if (name == "waiting")
        return with_reason(kind_of_waiting(field(entry, "prev"), marked));
    if (name == "delayed")
        return with_reason(kind_of_delayed(marked));
    const auto* found = std::ranges::find(plain_events, name, &plain_event::name);
    if (found == std::end(plain_events))
        return std::nullopt;
    return std::pair(found->what, found->data.empty() ? std::string_view() : field(entry, found->data));
}

} // namespace

std::uint64_t entry_id::number() const noexcept {
    constexpr std::uint64_t last = (std::uint64_t(1) << sequence_bits) - 1;
    return (static_cast<std::uint64_t>(std::max<std::int64_t>(0, ms)) << sequence_bits) | std::min(sequence, last);
}

std::optional<entry_id> read_entry_id(std::string_view text) noexcept {
    const auto dash = text.find('-');
    if (dash == std::string_view::npos)
        return std::nullopt;
    entry_id id;
    const auto* end = text.data() + text.size();
    const auto ms = std::from_chars(text.data(), text.data() + dash, id.ms);
    const auto sequence = std::from_chars(text.data() + dash + 1, end, id.sequence);
    const bool all_read = ms.ptr == text.data() + dash && sequence.ptr == end;
    if (ms.ec != std::errc() || sequence.ec != std::errc() || !all_read || id.ms < 0)
        return std::nullopt;
    return id;
}

std::string to_text(const entry_id& id) { return std::to_string(id.ms) + '-' + std::to_string(id.sequence); }

std::optional<job_event> to_event(const std::string& queue, const entry_id& id, const hash_fields& entry) {
    const auto what = read_entry(entry);
    if (!what)
        return std::nullopt;
    const auto& [happened, data] = *what;
    const bool is_nothing = happened == kind::completed && data == "null";
    auto text = is_nothing ? std::string() : std::string(data);
    return job_event{.number = id.number(),
                     .what = happened,
                     .queue = queue,
                     .id = std::string(field(entry, "jobId")),
                     .at = from_unix_ms(id.ms),
                     .data = happened == kind::failed ? shown_reason(std::move(text)) : std::move(text)};
}

} // namespace infra::queue::redis_backend
