#pragma once

// What the traces' API is asked and answers: pure.

#include "trace_tree.hpp"

#include <infra/base/json.hpp>
#include <infra/http_server/request.hpp>

namespace infra::dashboard {

/// `failed=1`, `slow` (milliseconds), `name`, `route`, `probes=0`, `since` and `until` of a query. What cannot be read is answered 400.
trace_filter trace_filter_of(const http::request& r);

/// `{"trace","name","kind","start","ms","spans","failed"}`
json::object document_of(const trace_summary& t);

/// A span where it stands: times in microseconds, `start` from that of the trace. Texts longer than `at_most` are cut.
json::object document_of(const tree_span& s, wall_time start, std::size_t at_most);

/// `{"trace","name","start","us","failed","open","left_out","spans":[…],"jobs":[{"queue","id"}],"mails":["id"]}`
json::object trace_answer(const std::vector<tree_span>& spans, std::size_t left_out);

} // namespace infra::dashboard
