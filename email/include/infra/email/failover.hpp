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
#include <string_view>
#include <vector>

namespace infra::email {

struct failover_options {
    std::vector<std::shared_ptr<transport>> transports{}; ///< in order of preference; at least two

    /// How long one that failed is asked last. Greater than zero.
    std::chrono::milliseconds rest = std::chrono::seconds(30);

    clock* time = &real_clock(); ///< outlives the transport
};

/// A mail goes to the next transport when it certainly was not accepted and another may take it: no connection, rate limit, quota,
/// a provider out of order, a key that is not valid. A mail that was refused for what it is, is refused. Where a transport has
/// accepted a mail, or may have (send_error::uncertain, cancellation), that mail stays with it, whatever the attempt, since it could go
/// out twice: by its idempotency key, for the last 10 000 mails and in this process. When all have failed, the error says how each did.
///
/// It can do what all of its transports can. Its name is "failover"; delivery::transport says who took a mail.
///
/// Throws std::invalid_argument for fewer than two transports or a bad option.
std::shared_ptr<transport> make_failover_transport(failover_options options);

/// The URLs of a list with spaces between them, as make_transport() reads it. A word that does not begin with a scheme belongs to the URL
/// before it: `outbox:/my mail` is one.
std::vector<std::string_view> urls_of(std::string_view list);

} // namespace infra::email
