#pragma once

/// Mail as files in a directory, to be looked at: the transport that needs nothing installed.
///
///     auto mailer = email::mailer({.transport = email::make_outbox_transport({.directory = "var/outbox"})});

#include <infra/email/transport.hpp>
#include <infra/runtime/blocking_pool.hpp>

#include <memory>
#include <string>

namespace infra::email {

struct outbox_options {
    /// Made with the first mail, for the owner only (0700), its parents too.
    std::string directory = "var/outbox";

    /// Where files are written; null means default_blocking_pool(). Outlives the transport.
    blocking_pool* pool = nullptr;
};

/// One file for each mail, `<UTC time>-<id>.eml`, which sorts by time. It appears under its name whole or not at all and
/// is on the disk when deliver() returns. Two mails with the same idempotency key become one file, after a crash at any
/// point and between processes too, and the second is not written when the first has been deleted; README.md draws the
/// layout.
///
/// Throws std::invalid_argument for an empty directory.
std::shared_ptr<transport> make_outbox_transport(outbox_options options = {});

} // namespace infra::email
