#pragma once

/// Transactional mail, written in Markdown.
///
///     using namespace infra::email;
///     co_await send_email({.to = "ann@example.org", .subject = "Hi", .body = "**Welcome!**"});
///     co_await send_email({.to = user.email, .template_name = "welcome", .data = {{"name", user.name}}});
///     auto mail = render_template(co_await load_template("welcome"), {{"name", user.name}});
///     co_await send_email({.to = user.email, .content = mail});
///
/// These functions speak to one mailer of the process, made at first use from the environment: EMAIL_URL names where mail
/// goes; otherwise RESEND_API_KEY sends it through Resend (link infra::email_resend; refused where that is not linked); otherwise it is
/// `outbox:var/outbox`, a directory of .eml files. EMAIL_FROM is the sender of mail that names none.
/// Programs that hold their objects themselves use email::mailer, which these wrap line by line.
///
/// A value can produce neither HTML nor Markdown: templates are parsed first, values are put in afterwards.

#include <infra/email/address.hpp>
#include <infra/email/error.hpp>
#include <infra/email/failover.hpp>
#include <infra/email/hooks.hpp>
#include <infra/email/log.hpp>
#include <infra/email/mailer.hpp>
#include <infra/email/memory.hpp>
#include <infra/email/message.hpp>
#include <infra/email/outbox.hpp>
#include <infra/email/template.hpp>
#include <infra/email/transport.hpp>

#include <string>
#include <utility>
#include <vector>

namespace infra::email {

/// The mailer that these functions speak to. Throws infra::error with infra::errc::misconfigured when EMAIL_URL or
/// EMAIL_FROM is not understood.
mailer default_mailer();

/// Replaces it, for sends that begin afterwards.
void set_default_mailer(mailer instead);

/// Sends and returns the message's id once the transport has accepted it.
[[nodiscard]] inline awaitable<message_id> send_email(message mail, send_options options = {}) {
    return default_mailer().send(std::move(mail), std::move(options));
}

/// Sends many and returns what became of each.
[[nodiscard]] inline awaitable<std::vector<delivery>> send_emails(std::vector<message> mails,
                                                                  batch_options options = {}) {
    return default_mailer().send_batch(std::move(mails), std::move(options));
}

/// Reads `<directory>/<name>.md`, or the file for the locale.
[[nodiscard]] inline awaitable<email_template> load_template(std::string name, load_options options = {}) {
    return default_mailer().load_template(std::move(name), std::move(options));
}

} // namespace infra::email
