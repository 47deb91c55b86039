#pragma once

/// What goes wrong with mail beyond `infra::errc`.
///
///     catch (const email::send_error& e) {
///         if (e.code() == email::errc::bad_address) forget_the_address();
///         else if (e.retryable()) throw;           // the job is tried again
///         else tell_somebody(e.name(), e.what());
///     }

#include <infra/base/error.hpp>

#include <chrono>
#include <string>

namespace infra::email {

/// Of infra::errc the module uses io (the outbox cannot be written), timed_out (mailer_options::timeout), overloaded (the
/// provider's rate limit), unavailable (no connection, or the provider is out of order), misconfigured (EMAIL_URL) and
/// invalid_input (a name or locale of a template that cannot be one).
enum class errc {
    no_template = 1,  ///< no such file; the sentence lists the paths that were tried
    bad_template,     ///< its text is broken; the sentence names file and line
    missing_variable, ///< under `strict` or `expects`; the sentence lists all of them
    bad_address,      ///< no address that mail can be sent to
    no_sender,        ///< neither the message nor the template nor EMAIL_FROM names one
    bad_header,       ///< a line break or NUL where only text may be, a reserved or malformed name
    too_large,        ///< the message is over mailer_options::max_bytes, or its Markdown or data would become endless
    no_attachment,    ///< no such file, or nothing stored under that key
    unsupported,      ///< the transport cannot do this, such as send at a later time
    refused,          ///< the provider does not take the message; name() is its word for why
    unauthorized,     ///< the provider does not take the key or the password
    quota_exceeded,   ///< the provider takes no more today or this month
    key_reused,       ///< the idempotency key was used for another message, which may have been sent
};

const boost::system::error_category& email_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), email_category()}; }

/// Why a message was not sent: what `send` throws, whether the module refused it or a transport.
class send_error : public error {
public:
    struct details {
        std::string name{};     ///< the provider's word for it
        int status = 0;         ///< of its answer, by HTTP or SMTP; 0 when there was none
        bool retryable = false; ///< whether the same message may be accepted later

        /// Whether it may have been accepted all the same: the answer was lost, not the message. Trying again is then safe
        /// only with a transport that keeps idempotency keys, and trying elsewhere never is.
        bool uncertain = false;

        /// Uncertain, but the same transport may be handed the mail again though its traits do not promise keys: a failover list asks the
        /// one that may have it, which does keep them.
        bool safe_to_repeat = false;

        std::chrono::milliseconds retry_after{0}; ///< not before; zero: the provider did not say
    };

    /// A failure of our own: the name is the enumerator's, "bad_address"; trying again may help after timed_out,
    /// unavailable, overloaded and io.
    send_error(boost::system::error_code code, std::string sentence);

    /// A provider's.
    send_error(boost::system::error_code code, std::string sentence, details of);

    const std::string& name() const noexcept { return details_.name; }
    int status() const noexcept { return details_.status; }
    bool retryable() const noexcept { return details_.retryable; }
    bool uncertain() const noexcept { return details_.uncertain; }
    bool safe_to_repeat() const noexcept { return details_.safe_to_repeat; }
    std::chrono::milliseconds retry_after() const noexcept { return details_.retry_after; }

private:
    details details_;
};

} // namespace infra::email

template <>
struct boost::system::is_error_code_enum<infra::email::errc> : std::true_type {};
