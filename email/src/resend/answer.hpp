#pragma once

/// What came of a request. Pure.

#include "words.hpp"

#include <infra/base/error.hpp>
#include <infra/email/transport.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace infra::email::resend {

struct answer {
    int status = 0;
    std::string body{};
    std::chrono::milliseconds retry_after{0}; ///< zero: it did not say
};

/// One delivery for each of `mails`, which were sent in one request; a single one was sent alone, not as a batch.
std::vector<delivery> deliveries_of(const answer& a, mails_of_request mails);

/// Why a mail was not accepted, by an answer whose status is not 2xx. `mails` are those whose recipients may be among its words.
send_error failure_of(const answer& a, mails_of_request mails);

/// Where there is no answer.
send_error failure_of(const error& e);

std::vector<delivery> all_failed(const send_error& why, std::size_t count);

} // namespace infra::email::resend
