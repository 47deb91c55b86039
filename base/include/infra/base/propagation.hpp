#pragma once

/// How a context passes from one process to the next: the headers of W3C Trace Context (Level 2) and W3C Baggage, or one
/// text where there are no headers.
///
///     const auto under = extract({.traceparent = …, .tracestate = …, .baggage = …});
///     telemetry::span span("GET /users/{id}", span_kind::server, under);
///     …
///     const auto headers = inject();                 // of the active span, for an outgoing request
///
///     job.carrier = to_carrier(inject());            // what is kept with a job or a message
///     telemetry::span span("process mail", span_kind::consumer, extract(from_carrier(job.carrier)));
///
/// All are pure. What the specifications tell a receiver to ignore is ignored, never an error.

#include <infra/base/context.hpp>

#include <string>
#include <string_view>

namespace infra {

/// The values of the three headers; a header that came several times is joined by commas, but for traceparent, which
/// then counts as absent. Empty: no such header.
struct trace_headers {
    std::string traceparent{};
    std::string tracestate{};
    std::string baggage{};
};

/// `under` with the span, state and baggage that the headers tell of. Without a traceparent that can be read, the
/// tracestate is not looked at; baggage stands for itself.
context extract(const trace_headers& from, const context& under = {});

/// What the next process is told, within the specifications' limits: a tracestate as parse_tracestate leaves it, baggage as
/// format_baggage does. No traceparent outside of any span.
trace_headers inject(const context& from = context::current());

/// The headers as JSON, in the form in which OpenTelemetry's propagators fill a carrier:
/// `{"traceparent":"…","tracestate":"…","baggage":"…"}`, without what is empty; empty itself when all are.
std::string to_carrier(const trace_headers& headers);

/// Reads what to_carrier or another system wrote. Whatever else is in it is ignored; a text that is no such object, or
/// has more than 64 KiB, has no headers.
trace_headers from_carrier(std::string_view text);

/// The members of a tracestate in their order, written as `a=1,b=2`; empty if one of them breaks the rules or there are
/// more than 32. Of a key that comes twice the first stays. Beyond 1024 bytes whole members go: those above 128 bytes
/// first, then the last ones.
std::string parse_tracestate(std::string_view text);

/// The first 64 members that can be read, of the first 8192 bytes. Values are percent-decoded UTF-8; properties, which
/// follow a semicolon, are left out.
baggage parse_baggage(std::string_view text);

/// At most 64 members and 8192 bytes; what is left over, or has a name that is no token, is left out.
std::string format_baggage(const baggage& items);

} // namespace infra
