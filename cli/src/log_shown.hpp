#pragma once

/// Lines of a service's log: what is asked for, how they are shown, and where one goes on after a break. Pure.

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::cli {

/// What somebody wants to see, in the words of the command line.
struct log_wish {
    std::vector<std::string> words{};
    std::string level{};
    std::string module{};
    std::vector<std::string> fields{}; ///< NAME=VALUE, or NAME where it only has to be there
    std::string trace{};
    std::string since{}; ///< such as 15m: so long ago
};

/// As the dashboard's API takes it. Throws std::invalid_argument naming the option.
std::vector<std::pair<std::string_view, std::string>> query_of(const log_wish& wish, wall_time now);

/// So long ago, in milliseconds since 1970; empty for an empty text. Throws std::invalid_argument naming --since.
std::string since_asked(const std::string& given, wall_time now);

/// A line for people: time, level, module, message, fields, trace.
std::string log_line_of(const json::value& line, bool colours);

/// `n=17 text="two words"`, of each value its beginning; safe.
std::string fields_text(const json::object& fields);

/// RFC 3339, of milliseconds since 1970.
std::string time_text(std::int64_t ms);

/// Of a member that is such a number, and how long ago that is ("3m 5s"); null and empty where it is not there.
json::value time_document_of(const json::value& of, std::string_view name);
std::string age_text(const json::value& of, std::string_view name, wall_time now);

/// For programs: the same members always, what there is not is null.
json::value log_document_of(const json::value& line);

/// A line by which one knows again where one was.
struct log_mark {
    std::uint64_t id = 0; ///< 0: none
    std::int64_t at = 0;  ///< milliseconds since 1970

    friend bool operator==(const log_mark&, const log_mark&) = default;
};
log_mark mark_of(const json::value& line);

/// Behind which line to go on. `same` is what has the id of the last one now, `newest` the newest of all: where that is another line, or
/// there are not so many, the service has begun again, and so does whoever follows.
std::uint64_t go_on_after(const log_mark& last, const std::optional<log_mark>& same, const log_mark& newest);

} // namespace infra::cli
