#pragma once

// What the metrics' API is asked and answers: pure.

#include "history.hpp"

#include <infra/base/json.hpp>
#include <infra/http_server/request.hpp>

#include <string>

namespace infra::dashboard {

/// `name`, `show`, `by`, `range` (seconds), `where=label:value` (several) of a query. What cannot be read is answered 400 naming it.
metric_query metric_query_of(const http::request& r);

/// `{"items":[{"name","type","help","unit","series","labels":{…},"last"}],"next":null,"kept":{…}}`
json::object metrics_answer(const std::vector<listed_metric>& all, const metric_history::account& kept);

/// `{"name","type","unit","show","step","times":[ms],"lines":[{"labels":{…},"values":[n|null]}],"more":n,"exemplars":[…]}`
json::object range_answer(const metric_query& q, const metric_range& found, const std::vector<seen_exemplar>& seen);

/// Columns of a table: what any spreadsheet takes, some 7 MB.
inline constexpr std::size_t max_csv_lines = 1'000;

/// A row a step, a column a line.
std::string csv_of(const metric_query& q, const metric_range& found);

/// What values are in, by the name's ending: "s", "bytes", "ratio", or nothing.
std::string_view unit_of(std::string_view name) noexcept;

} // namespace infra::dashboard
