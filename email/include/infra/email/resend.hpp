#pragma once

/// Mail through the API of Resend. Link infra::email_resend; `resend:` as EMAIL_URL, or RESEND_API_KEY alone, selects it.
///
///     auto options = email::resend_options_from(environment::of_process());      // RESEND_API_KEY
///     email::mailer mailer({.transport = email::make_resend_transport(options), .from = "Shop <hello@shop.example>"});

#include <infra/base/clock.hpp>
#include <infra/email/transport.hpp>
#include <infra/http_client/client_options.hpp>
#include <infra/runtime/environment.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace infra::email {

struct resend_options {
    // --- Behaviour ---

    std::string api_key{}; ///< "re_…". Appears in no error, log line, metric or span

    /// Where the API is: https, or http for a mock, which gets the key and the mails in the clear. Without user, query and
    /// fragment.
    std::string base_url = "https://api.resend.com";

    /// Must not be empty: the API turns away clients without.
    std::string user_agent = "infra";

    http::proxy_options proxy{};    ///< the way to the API
    http::client_tls_options tls{}; ///< whose certificates are trusted

    /// Requests that this transport begins in a second at most; 0: as many as the API's answers allow. They tell a limit that
    /// all who have keys of one team share, and the first of them comes after the first request.
    std::size_t max_per_second = 0;

    // --- Tuning ---

    /// Requests at once, each over a connection of its own, 1 to 1 000. Fewer make mails wait for each other.
    std::size_t connections = 50;

    /// Mails that may wait for their turn, at least 1; one more fails with infra::errc::overloaded.
    std::size_t max_waiting = 10'000;

    /// For name, TCP and TLS together, greater than zero. What ends here has certainly not been sent.
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);

    /// Where requests are made: a loop that runs one handler at a time and outlives the transport. Empty: a thread of the
    /// transport's own, begun with the first mail.
    executor loop{};

    clock* time = &real_clock(); ///< outlives the transport
};

/// RESEND_API_KEY, RESEND_BASE_URL and RESEND_USER_AGENT, as Resend's own clients read them; and the proxies of http_client's
/// proxies_from() and tls_from(). Throws infra::error with errc::misconfigured when there is no key, or no address that can be one.
resend_options resend_options_from(const environment& variables);

/// A mail is one request, or one of up to a hundred in a batch where several are handed over at once: those without
/// attachments and without an idempotency key of their own. A batch is tried again as the same batch, whose key is made of
/// those of its mails; for 24 hours neither a mail nor a batch is accepted twice.
///
/// It keeps to the rate that the answers tell: what would exceed it waits in line, or fails at once with
/// infra::errc::overloaded and a retry_after where its deadline would pass meanwhile.
///
/// Failures: errc::unauthorized (the key), refused, too_large, quota_exceeded, key_reused; infra::errc::overloaded (a rate),
/// unavailable and timed_out. name() is the API's word, `validation_error`; sentences repeat what it says, without addresses.
///
/// Throws std::invalid_argument for a bad option.
std::shared_ptr<transport> make_resend_transport(resend_options options);

} // namespace infra::email
