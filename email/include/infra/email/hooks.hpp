#pragma once

/// What happens around each mail: changed, redirected or stopped before it leaves, looked at afterwards.
///
///     email::mailer mailer({.url = "smtp://localhost",
///                           .before = {email::redirect_to("team@shop.example")},      // staging writes to nobody else
///                           .after = {[](const email::mail& m, const email::delivery& d) { audit(m.id, !d.failure); }}});

#include <infra/base/awaitable.hpp>
#include <infra/email/transport.hpp>

#include <functional>
#include <optional>

namespace infra::email {

/// Gets a mail with everything decided and gives back the one to send, or nothing: then it is stopped, which is no failure. What
/// it changed is checked like what the caller wrote; the id stays, and an attachment it adds has its bytes and its name. What it throws fails the send, as a send_error. It runs once
/// for a mail, not for each attempt, on the executor that awaits the send, and within its deadline.
using before_hook = std::function<awaitable<std::optional<mail>>(mail)>;

/// Told once for each mail what became of it: failures, stops and a cancellation included. A message of which no mail could be
/// made, for want of a template or an address, is its caller's alone. It must not block; what it throws is logged.
using after_hook = std::function<void(const mail&, const delivery&)>;

/// Sends everything to `instead`, says in X-Original-To, -Cc and -Bcc whom it was for, and leaves out List-Unsubscribe, which is
/// theirs to use. Throws std::invalid_argument for no address or one that is none.
before_hook redirect_to(address_list instead);

} // namespace infra::email
