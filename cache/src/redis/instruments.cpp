#include "instruments.hpp"

namespace infra::cache::redis_backend {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;

const instrument dropped_total{
    .kind = instrument_kind::counter,
    .name = "cache_store_dropped_total",
    .help = "Operations that the server of the cache did not answer: reads that found nothing, writes not done."};
const instrument refused_total{.kind = instrument_kind::counter,
                               .name = "cache_store_refused_total",
                               .help = "Operations that the server of the cache answered with an error."};
const instrument outages_total{.kind = instrument_kind::counter,
                               .name = "cache_store_outages_total",
                               .help = "How often the server of the cache was taken to be away."};
const instrument away_now{.kind = instrument_kind::gauge,
                          .name = "cache_store_away",
                          .help = "1 while the server of the cache is taken to be away, otherwise 0."};
const instrument owed_now{.kind = instrument_kind::gauge,
                          .name = "cache_store_owed_invalidations",
                          .help = "Keys and versions to be made void on the server of the cache once it is back."};

} // namespace

instruments::instruments()
    : reads_dropped(dropped_total, {{"verb", "read"}}),
      writes_dropped(dropped_total, {{"verb", "write"}}),
      refused(refused_total),
      outages(outages_total),
      away(away_now),
      owed(owed_now) {}

const instruments& all_instruments() {
    static const instruments& all = *new instruments; // never destroyed: reported to until the process ends
    return all;
}

} // namespace infra::cache::redis_backend
