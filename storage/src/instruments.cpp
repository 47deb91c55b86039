#include "instruments.hpp"

#include <initializer_list>

namespace infra::storage {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;

constexpr instrument requests_total{
    .kind = instrument_kind::counter, .name = "storage_requests_total", .help = "Calls of a storage that have ended."};
constexpr instrument duration_seconds{.kind = instrument_kind::histogram,
                                      .name = "storage_request_duration_seconds",
                                      .help = "Time from a call to its end."};
constexpr instrument bytes_total{.kind = instrument_kind::counter,
                                 .name = "storage_bytes_total",
                                 .help = "Bytes of objects that went to a store or came from it."};
constexpr instrument retries_total{.kind = instrument_kind::counter,
                                   .name = "storage_retries_total",
                                   .help = "Requests to a store that were made once more."};
constexpr instrument hedged_total{.kind = instrument_kind::counter,
                                  .name = "storage_hedged_total",
                                  .help = "Requests that were made twice for being slow, by which was answered first."};
constexpr instrument throttled_total{.kind = instrument_kind::counter,
                                     .name = "storage_throttled_total",
                                     .help = "Requests that a store answered by asking for patience."};
constexpr instrument checksum_failures_total{.kind = instrument_kind::counter,
                                             .name = "storage_checksum_failures_total",
                                             .help = "Bodies that were not what their checksum says."};
constexpr instrument requests_in_flight{.kind = instrument_kind::gauge,
                                        .name = "storage_requests_in_flight",
                                        .help = "Requests to stores that are under way."};
constexpr instrument buffered_bytes{
    .kind = instrument_kind::gauge, .name = "storage_buffered_bytes", .help = "Bytes of parts in memory."};

template <class Map>
const telemetry::series& named(Map& all, std::string_view name, const instrument& of,
                               std::initializer_list<label> labels) {
    auto found = all.find(name);
    if (found == all.end())
        found = all.emplace(name, telemetry::series(of, labels)).first;
    return found->second;
}

} // namespace

instruments::instruments()
    : received_(bytes_total, {{"direction", "in"}}),
      sent_(bytes_total, {{"direction", "out"}}),
      throttled_(throttled_total),
      checksum_failures_(checksum_failures_total),
      in_flight_(requests_in_flight),
      buffered_(buffered_bytes) {}

void instruments::called(std::string_view op, std::string_view status, double seconds) const {
    const std::scoped_lock lock(mutex_);
    auto calls = calls_.find(op);
    if (calls == calls_.end())
        calls = calls_.try_emplace(std::string(op)).first;
    named(calls->second, status, requests_total, {{"op", op}, {"status", status}}).add();
    named(seconds_, op, duration_seconds, {{"op", op}}).record(seconds);
}

void instruments::retried(std::string_view reason) const {
    const std::scoped_lock lock(mutex_);
    named(retries_, reason, retries_total, {{"reason", reason}}).add();
}

void instruments::hedged(std::string_view won) const {
    const std::scoped_lock lock(mutex_);
    named(hedged_, won, hedged_total, {{"won", won}}).add();
}

} // namespace infra::storage
