#pragma once

/// Several transports, the next one where the one before does not take a mail.
///
///     EMAIL_URL="resend: smtps://mail.example.org?user=shop"
///
///     auto both = email::make_failover_transport({.transports = {resend, smtp}});

#include <infra/email/transport.hpp>

#include <infra/base/clock.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace infra::email {

struct failover_options {
    std::vector<std::shared_ptr<transport>> transports{}; ///< in order of preference; at least two

    /// How long one that failed is asked last. Greater than zero.
    std::chrono::milliseconds rest = std::chrono::seconds(30);

    clock* time = &real_clock(); ///< outlives the transport
};

/// A mail goes to the next transport when it certainly was not accepted and another may take it: no connection, rate limit, quota,
/// a provider out of order, a key that is not valid. A mail that was refused for what it is, is refused. Where an answer was lost
/// (send_error::uncertain) the mail stays with that transport, whatever the attempt, since it could go out twice.
///
/// It can do what all of its transports can. Its name is "failover"; logs and spans say which transport took a mail.
///
/// Throws std::invalid_argument for fewer than two transports or a bad option.
std::shared_ptr<transport> make_failover_transport(failover_options options);

} // namespace infra::email
