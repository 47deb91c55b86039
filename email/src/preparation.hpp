#pragma once

/// The part of making mail that waits for the disk or computes: rendering, and reading files.

#include "setup.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/email/error.hpp>
#include <infra/email/message.hpp>

#include <optional>
#include <vector>

namespace infra::email {

/// What became of one message on the pool.
struct prepared {
    rendered_email words{};
    std::vector<attachment> attachments{}; ///< all of the message's, those of files with their bytes
    std::optional<send_error> failure{};   ///< set: nothing above counts
};

/// One for each message, in order. What they need for it is taken out of the messages; those that need nothing of the kind do not
/// wait for others. A job of the pool makes several, and never so many that another job would wait for long.
awaitable<std::vector<prepared>> prepare(const mailer_setup& with, std::vector<message*> messages);

} // namespace infra::email
