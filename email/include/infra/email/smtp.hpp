#pragma once

/// Mail by SMTP, to a provider's submission server or to one's own.
///
///     EMAIL_URL="smtps://mail.example.org?user=shop"        EMAIL_PASSWORD_FILE=/run/secrets/mail
///
///     email::mailer mailer({.transport = email::make_smtp_transport({.host = "mail.example.org",
///                                                                    .user = "shop", .password = secret})});

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/email/transport.hpp>
#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/environment.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::email {

enum class smtp_tls : std::uint8_t {
    starttls, ///< begins in the clear; nothing but the demand for TLS is said before it
    implicit, ///< from the first byte
    none,     ///< everybody on the way reads along: for a server on the same machine
};

struct smtp_options {
    // --- Behaviour ---

    std::string host{};                ///< a name, an IPv4 address, or an IPv6 address in brackets
    std::uint16_t port = 0;            ///< 0: 465 for implicit TLS, otherwise 587
    smtp_tls tls = smtp_tls::starttls; ///< how the connection is protected

    /// Certificates to trust, in PEM, instead of the system's.
    std::string ca_file{};

    /// Set: the server must let us log in, by PLAIN or LOGIN.
    std::string user{};
    std::string password{};

    /// An OAuth 2 token instead of a password (XOAUTH2, OAUTHBEARER).
    std::string token{};

    /// Password or token although `tls` is none, where everybody on the way can read it.
    bool insecure_password_in_the_clear = false;

    /// What we call ourselves (EHLO); empty: the machine's name.
    std::string hello{};

    /// The field in which the server takes idempotency keys. Empty: none, and a mail whose answer was lost is not tried again; but
    /// that of smtp.resend.com is known.
    std::string key_header{};

    // --- Tuning ---

    /// Connections at a time, 1 to 100; more mails wait their turn. Many servers take no more than a few from one client.
    std::size_t connections = 4;

    /// How long an unused connection is kept, 0 to 1 h. Longer saves handshakes; beyond the server's own patience it
    /// meets closed connections, which costs a new one and nothing else.
    std::chrono::milliseconds max_idle = std::chrono::seconds(30);

    /// For one mail, connecting included, where the caller's deadline is later. Greater than zero.
    std::chrono::milliseconds timeout = std::chrono::minutes(1);

    /// Mails under way or waiting for a connection, at least 1. One more fails with errc::overloaded.
    std::size_t max_waiting = 10'000;

    /// Where connections live; empty: on one of default_loops(). It runs one handler at a time and outlives the transport.
    executor home{};

    /// Where mails with attachments are encoded; null means default_blocking_pool(). Outlives the transport.
    blocking_pool* pool = nullptr;

    clock* time = &real_clock(); ///< outlives the transport
};

/// Of `smtp://[user[:password]@]host[:port][?options]` (STARTTLS) or `smtps://…` (implicit TLS). Options, joined by `&`: user, password_file,
/// auth=password|token, tls=required|none, insecure_password_in_the_clear=yes, ca_file, hello, connections, max_idle=30s. User, password and
/// options are percent-encoded. A user whose password the URL does not say has that of EMAIL_PASSWORD.
///
/// Throws infra::error with errc::misconfigured, which names what is wrong and never repeats the URL.
smtp_options smtp_options_from(std::string_view url, const environment& variables);

/// Connections are kept for the mails to come and used by one mail at a time. There is no falling back: where TLS, a trusted
/// certificate or the log-in that was asked for cannot be had, nothing is sent.
///
/// A mail goes to all of its recipients or to none: where the server refuses one of them, the failure says which. `name()` is the server's
/// enhanced code where it gave one, "5.1.1", else its plain one, and otherwise one of dns, connect, tls, starttls, login, lost, protocol,
/// timed_out and overloaded; the sentence has the server's words less what may be an address.
///
/// Uncertain are mails that were sent whole and whose answer did not come. All others that failed were not accepted.
///
/// Cancel: at any moment. The mail may have been accepted; its connection is closed.
///
/// Throws std::invalid_argument naming the field of a bad option.
std::shared_ptr<transport> make_smtp_transport(smtp_options options);

} // namespace infra::email
