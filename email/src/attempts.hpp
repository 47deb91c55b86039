#pragma once

/// Whether a mail that was not accepted is tried again, and when. Pure.

#include <infra/base/backoff.hpp>
#include <infra/email/error.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace infra::email {

struct attempt_rules {
    int attempts = 1; ///< in all
    backoff pause{};
    bool keeps_keys = false; ///< transport_traits'
};

struct next_attempt {
    std::optional<std::chrono::milliseconds> pause{}; ///< before it; empty: there is none
    std::string_view reason{};                        ///< there is none although the failure may pass; may be empty
};

/// After the attempt number `made`, from 1, has failed. `left` is what the deadline leaves, `lot` from 0 to 1 is for the pause.
///
/// Tried again is what may pass by itself within a send, whatever the provider's status: a rate limit, no connection, a provider
/// out of order. One whose answer was lost may have been accepted, so it is tried again only where keys are kept: by the transport,
/// or by the one of a list that may have it. A pause is as long as the provider asks for, or longer; one that the deadline does not leave ends it at once, with the failure that is known.
next_attempt after_failure(const send_error& failure, int made, const attempt_rules& rules,
                           std::chrono::nanoseconds left, double lot);

/// The last failure as a caller gets it: with how often the mail was tried, and as uncertain as any attempt was.
send_error summed_up(const send_error& last, int made, bool uncertain, std::string_view reason);

} // namespace infra::email
