#pragma once

/// What a job that sends mail does about a failure. Pure.

#include <infra/base/backoff.hpp>
#include <infra/email/error.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace infra::email {

enum class outcome {
    try_again,
    give_up,      ///< the same message would be refused again
    may_be_out,   ///< an answer was lost, and asking again would not tell
    was_sent_then ///< an earlier attempt of this job had come through
};

/// `key_is_ours`: nobody else uses it. `keeps_keys`: see transport_traits.
outcome outcome_of(const send_error& why, bool key_is_ours, bool keeps_keys) noexcept;

/// After that many failed attempts; no shorter than the provider asks for.
std::chrono::milliseconds pause_after(const send_error& why, const infra::backoff& policy, int attempts_made,
                                      double random01);

/// The key of a job whose message brought none: at most 256 bytes, the same for each of its attempts.
std::string key_of_job(std::string_view queue, std::string_view id);

} // namespace infra::email
