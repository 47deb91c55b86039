#pragma once

/// Lines into systemd's journal, with their fields: `journalctl LOGGER=auth REQUEST_ID=…`, `journalctl -o json`.
///
///     logging::configure({.outputs = {{.records = logging::journald_sink({.identifier = "shop"})}}});

#include <infra/logging/record_sink.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace infra::logging {

struct journald_sink_options {
    /// SYSLOG_IDENTIFIER, which `journalctl -t` looks for. Empty: the program's name.
    std::string identifier{};
    std::string socket = "/run/systemd/journal/socket"; ///< where the journal listens
    /// For a journal that has no room, in one go of up to 512 lines; what is left of them then is lost, and no line waits
    /// again until all of a go were taken. Longer: the other outputs of the pipeline wait, too. Not negative.
    std::chrono::milliseconds longest_wait{1000};
};

/// Speaks the journal's native protocol, one entry a line: MESSAGE, PRIORITY (3, 4, 6, 7), SYSLOG_IDENTIFIER, LOGGER (the
/// module), TRACE_ID, SPAN_ID, TIMESTAMP (when it was logged; the journal's own time is when it got there), CODE_FILE and
/// CODE_LINE (where asked for: pipeline_options::locate_from), LOG_SEQUENCE (with a durable ring), DROPPED_FIELDS (how
/// many are missing), and the fields.
///
/// A field's key is written as the journal wants keys: letters in upper case, anything else but digits as `_`, `F_` in
/// front of what would not begin with a letter, at most 64 bytes; and with `_` appended where it would be one of the names
/// above. No key or value makes a field or an entry of its own, and none commands a terminal; line breaks stay.
///
/// An entry too large for a datagram goes through sealed memory. A journal that is away costs the lines meanwhile, as any
/// sink that refuses them does, and is found again when it is back.
///
/// Throws std::invalid_argument for a bad option; opens nothing yet.
std::shared_ptr<record_sink> journald_sink(journald_sink_options options = {});

} // namespace infra::logging
