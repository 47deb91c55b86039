#pragma once

// What the log's API answers: made of what is kept, on whatever thread there is.

#include "error_groups.hpp"
#include "log_search.hpp"

#include <infra/base/json.hpp>

#include <string>

namespace infra::dashboard {

/// In a list of a text as much as a page shows at once; the whole line is asked for by its id.
inline constexpr std::size_t shown_bytes = 8 * 1024;
inline constexpr std::size_t whole_bytes = 1024 * 1024;

/// `{"items":[…],"next":"…"|null,"looked_at":n,"covers":{"since":ms,"lines":n,"bytes":n}}`
json::object lines_answer(const log_view& in, const log_filter& wanted, std::uint64_t before, std::size_t limit,
                          std::size_t look_at);

/// The lines before and after that one, whatever somebody looked for; empty when it is gone.
json::array around(const log_view& in, std::uint64_t id, std::size_t each_way);

/// The whole line; null when it is gone.
json::value line_answer(const log_view& in, std::uint64_t id);

/// Lines of JSON from the id `after` on: no more than some, and up to which id they go.
struct exported {
    std::string text{};
    std::uint64_t next = 0;
    bool end = false;
};
exported exported_after(const log_view& in, const log_filter& wanted, std::uint64_t after, std::uint64_t last);

/// The modules that wrote something of late.
std::vector<std::string> modules_of(const log_view& in);

/// `{"items":[…],"minutes":{"error":[…],"warn":[…],"info":[…],"debug":[…]}}`
json::object errors_answer(const error_groups& of, wall_time now, std::size_t minutes);

/// Words that all lines of a group have: the longest piece without an id. For a link to them.
std::string words_of(std::string_view text);

} // namespace infra::dashboard
