#pragma once

// Which lines somebody asks for: pure.

#include "log_ring.hpp"

#include <infra/http_server/request.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::dashboard {

/// All of what is set must be so.
struct log_filter {
    level from = level::debug;
    std::string module{}; ///< `db` means `db.pool` too
    std::string text{};   ///< anywhere in message, module, keys or values; case of ASCII letters does not count
    std::vector<std::pair<std::string, std::string>> fields{}; ///< as they are shown; without a value: the key is there
    std::optional<trace_id> trace{};
    std::optional<wall_time> since{};
    std::optional<wall_time> until{};
};

/// `level`, `module`, `text`, `field=key:value` (several), `trace`, `since` and `until` (milliseconds since 1970) of a query. What
/// cannot be read is answered 400 naming it.
log_filter log_filter_of(const http::request& r);

bool matches(const kept_line& line, const log_filter& wanted);

/// 32 hex digits; empty for anything else.
std::optional<trace_id> trace_id_of(std::string_view hex) noexcept;

struct found_lines {
    log_view in{};                  ///< what was searched, for the lines are views into it
    std::vector<kept_line> lines{}; ///< newest first
    std::uint64_t further = 0;      ///< look again below this id; 0: that was all there is
    std::size_t looked_at = 0;
};

/// At most `limit` lines with ids below `before`, after looking at no more than `look_at`.
found_lines search(const log_view& in, const log_filter& wanted, std::uint64_t before, std::size_t limit,
                   std::size_t look_at);

struct new_lines {
    log_view in{};                  ///< as of found_lines
    std::vector<kept_line> lines{}; ///< oldest first
    std::uint64_t next = 0;         ///< go on after this id
    std::size_t skipped = 0;        ///< were new as well, and too many: these are the newest
};

/// What came after the id `after`: the newest `limit` of them.
new_lines news_since(const log_view& in, const log_filter& wanted, std::uint64_t after, std::size_t limit);

} // namespace infra::dashboard
