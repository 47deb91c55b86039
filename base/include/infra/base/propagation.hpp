#pragma once

/// How a context passes from one process to the next: the headers of W3C Trace Context (Level 2) and W3C Baggage.
///
///     const auto under = extract({.traceparent = …, .tracestate = …, .baggage = …});
///     telemetry::span span("GET /users/{id}", span_kind::server, under);
///     …
///     const auto headers = inject();                 // of the active span, for an outgoing request
///
/// Both are pure. What the specifications tell a receiver to ignore is ignored, never an error.

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

/// What the next process is told. No traceparent outside of any span.
trace_headers inject(const context& from = context::current());

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
