#pragma once

/// Mail as files in a directory, to be looked at: the transport that needs nothing installed.
///
///     auto mailer = email::mailer({.transport = email::make_outbox_transport({.directory = "var/outbox"})});
///     for (const auto& each : email::list_outbox({.directory = "var/outbox"}).mails) show(each.subject);

#include <infra/email/transport.hpp>
#include <infra/runtime/blocking_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// A mail of an outbox, as a list shows it.
struct stored_mail {
    message_id id{};
    wall_time date{}; ///< when it was sent, in milliseconds
    address from{""};
    std::vector<address> to{};
    std::string subject{};
    std::uint64_t size = 0; ///< of its file, in bytes
    std::string file{};     ///< its path
    std::string problem{};  ///< set: why the file cannot be read as a mail; the rest is what its name tells
};

struct outbox_query {
    std::string directory = "var/outbox";
    std::size_t limit = 50; ///< 1 to 1000
    std::string before{};   ///< outbox_page::next of the page before; empty: from the newest on
};

struct outbox_page {
    std::vector<stored_mail> mails{}; ///< newest first
    std::string next{};               ///< for the query of the next page; empty: this was the last
};

// These block on the disk: a loop has them done by a blocking_pool.

/// What lies in an outbox. Of each mail the header alone is read, 64 KiB of it at most; a file that is broken, or no file but
/// a link, a folder or a pipe, is listed with its problem. A directory that is not there is an empty outbox. Throws
/// infra::errc::io for one that cannot be read, std::invalid_argument for a bad limit.
outbox_page list_outbox(const outbox_query& query = {});

/// The text of the mail with this id, or whose id alone begins so; nothing if there is none. from_mime() reads it. Throws
/// infra::errc::invalid_input if several begin so, infra::errc::io for a file that cannot be read or has over 100 MiB.
std::optional<std::string> read_outbox(const std::string& directory, std::string_view id);

/// A mail as a message, to be sent again: now, and as a mail of its own, with a new id and without the first one's key.
message to_message(mail from);

} // namespace infra::email
