#pragma once

/// Whether a request that failed is made again, and when. Pure.

#include <infra/base/backoff.hpp>
#include <infra/storage/error.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace infra::storage {

struct attempt_rules {
    int attempts = 1; ///< in all
    backoff pause{};
    bool remote = true;     ///< bucket_traits'
    bool idempotent = true; ///< what may have been done may be done again
};

struct next_attempt {
    std::optional<std::chrono::milliseconds> pause{}; ///< before it; empty: there is none
    std::string_view reason{};                        ///< there is none although the failure may pass; may be empty
};

/// After the attempt number `made`, from 1, has failed. `left` is what the deadline leaves, `lot` from 0 to 1 is for the pause.
///
/// Made again is what the store says may succeed later, unless it may have been done and may not be done twice. A pause is as
/// long as the store asks for, or longer; where only a connection has died that had been kept too long, there is none before the
/// second attempt. One that the deadline does not leave ends it at once, with the failure that is known.
next_attempt after_failure(const storage_error& failure, int made, const attempt_rules& rules,
                           std::chrono::nanoseconds left, double lot);

/// The last failure as a caller gets it: with how often it was tried, and as uncertain as any attempt was.
storage_error summed_up(const storage_error& last, int made, bool uncertain, std::string_view reason);

} // namespace infra::storage
