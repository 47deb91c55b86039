#include "instruments.hpp"

namespace infra::realtime::over_redis {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;

constexpr instrument published_total{.kind = instrument_kind::counter,
                                     .name = "realtime_broker_published_total",
                                     .help = "Messages of this node, by what became of them: sent, local (the other "
                                             "nodes are owed a gap) or unknown (they may have been heard)."};
constexpr instrument heard_total{.kind = instrument_kind::counter,
                                 .name = "realtime_broker_heard_total",
                                 .help = "Messages and events heard from the broker."};
constexpr instrument read_total{.kind = instrument_kind::counter,
                                .name = "realtime_broker_read_total",
                                .help = "Messages read from histories, as they had not been heard."};
constexpr instrument gaps_total{.kind = instrument_kind::counter,
                                .name = "realtime_broker_gaps_total",
                                .help = "Times that something was missed and could not be had."};
constexpr instrument link_up{.kind = instrument_kind::gauge,
                             .name = "realtime_broker_link",
                             .help = "Whether there is a link to the other nodes."};
constexpr instrument unsent_messages{
    .kind = instrument_kind::gauge, .name = "realtime_broker_unsent", .help = "Messages that wait for the broker."};

} // namespace

instruments::instruments(std::string_view broker)
    : sent_(published_total, {{"broker", broker}, {"result", "sent"}}),
      said_here_(published_total, {{"broker", broker}, {"result", "local"}}),
      in_doubt_(published_total, {{"broker", broker}, {"result", "unknown"}}),
      heard_(heard_total, {{"broker", broker}}),
      read_(read_total, {{"broker", broker}}),
      gaps_(gaps_total, {{"broker", broker}}),
      link_(link_up, {{"broker", broker}}),
      unsent_(unsent_messages, {{"broker", broker}}) {}

} // namespace infra::realtime::over_redis
