#include "instruments.hpp"

namespace infra::realtime::detail {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;

constexpr instrument clients{.kind = instrument_kind::gauge, .name = "realtime_clients", .help = "Clients of the hub."};
constexpr instrument published_total{
    .kind = instrument_kind::counter, .name = "realtime_published_total", .help = "Messages published here."};
constexpr instrument duplicates_total{.kind = instrument_kind::counter,
                                      .name = "realtime_duplicates_total",
                                      .help = "Messages not published again because of their idempotency key."};
constexpr instrument deliveries_total{
    .kind = instrument_kind::counter, .name = "realtime_deliveries_total", .help = "Messages handed to connections."};
constexpr instrument resumes_total{.kind = instrument_kind::counter,
                                   .name = "realtime_resumes_total",
                                   .help = "Subscriptions that asked for what was missed, by whether they got it."};
constexpr instrument send_failures_total{.kind = instrument_kind::counter,
                                         .name = "realtime_send_failures_total",
                                         .help = "Clients removed because their connection threw."};
constexpr instrument inbox_full_total{.kind = instrument_kind::counter,
                                      .name = "realtime_inbox_full_total",
                                      .help = "Messages that found the inbox of a loop full."};
constexpr instrument request_seconds{.kind = instrument_kind::histogram,
                                     .name = "realtime_request_seconds",
                                     .help = "From a question of hub::request to what the client made of it."};

} // namespace

instruments::instruments(std::string_view hub)
    : clients_(clients, {{"hub", hub}}),
      published_(published_total, {{"hub", hub}}),
      duplicates_(duplicates_total, {{"hub", hub}}),
      deliveries_(deliveries_total, {{"hub", hub}}),
      recovered_(resumes_total, {{"hub", hub}, {"recovered", "true"}}),
      not_recovered_(resumes_total, {{"hub", hub}, {"recovered", "false"}}),
      send_failures_(send_failures_total, {{"hub", hub}}),
      inbox_full_(inbox_full_total, {{"hub", hub}}),
      answered_(request_seconds, {{"hub", hub}, {"result", "answered"}}),
      refused_(request_seconds, {{"hub", hub}, {"result", "refused"}}),
      unanswered_(request_seconds, {{"hub", hub}, {"result", "unanswered"}}) {}

} // namespace infra::realtime::detail
