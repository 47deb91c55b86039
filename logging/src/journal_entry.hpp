#pragma once

// An entry of systemd's journal in its native protocol: pure.
//
//     KEY=value\n                          a value without line breaks
//     KEY\n<size: u64, little endian>value\n    any other

#include "line_buffer.hpp"

#include <infra/logging/record_sink.hpp>

#include <string>
#include <string_view>

namespace infra::logging::detail {

void append_entry(line_buffer& out, const record_view& r, std::string_view identifier);

/// `key` as a field's name that journald takes, and that is none of those that entries have themselves.
std::string journal_key(std::string_view key);

} // namespace infra::logging::detail
