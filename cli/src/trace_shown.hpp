#pragma once

/// Traces for people and for programs. Pure.

#include <infra/base/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace infra::cli {

/// A table, a trace a line.
std::string trace_list_of(const json::array& traces, bool colours);

/// How many there are of a name, how many failed, and how long the slowest took.
std::string trace_names_of(const json::array& names);

/// The spans as a waterfall, a line each: when it began, how long it took, where that lies in the whole, and its name below that of its
/// parent. What the whole waited for is marked. With `attributes` what is known of each stands below it.
std::string waterfall_of(const json::value& trace, bool attributes, bool colours);

/// For programs: the same members always, what there is not is null.
json::value trace_row_document_of(const json::value& row);
json::value trace_document_of(const json::value& trace);

/// So many cells, filled where the span lies in a trace that took `total`; at least one.
std::string bar_of(std::int64_t start, std::int64_t took, std::int64_t total, std::size_t cells, bool critical);

/// "45µs", "1.2ms", "3.4s".
std::string microseconds_text(std::int64_t us);

} // namespace infra::cli
