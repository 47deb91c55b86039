#pragma once

// What happens in a queue, as BullMQ's stream tells it: entries of a few fields, `event` being what. Ours have one more field,
// `infra`, where BullMQ has one word for what the seam tells apart; whoever does not know it reads the rest.

#include "fields.hpp"

#include <infra/queue/operations.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::queue::redis_backend {

/// `1767225600000-3`: the server's clock in milliseconds, and which of those of that millisecond.
struct entry_id {
    std::int64_t ms = 0;
    std::uint64_t sequence = 0;

    /// Grows with the ids, as long as a server adds less than a million entries in a millisecond.
    std::uint64_t number() const noexcept;

    friend auto operator<=>(const entry_id&, const entry_id&) = default;
};
std::optional<entry_id> read_entry_id(std::string_view text) noexcept;
std::string to_text(const entry_id& id);

/// The values of `infra`, each beside the event that BullMQ has for it.
namespace mark {
inline constexpr std::string_view retrying = "retrying"; ///< waiting, delayed: an attempt failed; `reason` says why
inline constexpr std::string_view returned = "returned"; ///< waiting, delayed: its worker stops, or has snoozed it
inline constexpr std::string_view promoted = "promoted"; ///< waiting: not by the clock, but by a person
inline constexpr std::string_view stalled = "stalled";   ///< waiting: an entry `stalled` says so
} // namespace mark

/// The name of an event that BullMQ does not have: somebody wants an active job to end.
inline constexpr std::string_view cancel_requested_event = "infra.cancel-requested";

/// Empty for what the seam does not tell: that a delay is over, that nothing is left, and what programs write there.
std::optional<job_event> to_event(const std::string& queue, const entry_id& id, const hash_fields& entry);

} // namespace infra::queue::redis_backend
