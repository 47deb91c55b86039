#pragma once

/// One mail over one connection: RSET where needed, MAIL, RCPT for each, DATA, the message.

#include "connection.hpp"
#include "envelope.hpp"
#include "outcome.hpp"

#include <memory>
#include <string>

namespace infra::email::smtp {

/// A mail made ready, and how far it has come. Shared with whoever judges its end.
struct consignment {
    envelope to{};
    std::shared_ptr<const std::string> content{};
    subject about{};
    step at = step::waiting;
};

/// The server had given the connection up before this mail was begun: nothing happened, and another may do.
struct stale {};

/// Returns once the server has accepted the mail. Throws send_error; stale where `reused`.
awaitable<void> hand_over(std::shared_ptr<connection> over, std::shared_ptr<consignment> what, bool reused);

} // namespace infra::email::smtp
