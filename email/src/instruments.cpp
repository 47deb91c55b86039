#include "instruments.hpp"

namespace infra::email {
namespace {

using telemetry::instrument;
using telemetry::instrument_kind;

constexpr instrument sent_total{
    .kind = instrument_kind::counter, .name = "emails_sent_total", .help = "Messages a transport has accepted."};
constexpr instrument duplicates_total{.kind = instrument_kind::counter,
                                      .name = "emails_duplicate_total",
                                      .help = "Messages not sent again because of their idempotency key."};
constexpr instrument failed_total{
    .kind = instrument_kind::counter, .name = "emails_failed_total", .help = "Messages that were not accepted."};
constexpr instrument retried_total{
    .kind = instrument_kind::counter, .name = "emails_retried_total", .help = "Messages handed over once more."};
constexpr instrument stopped_total{
    .kind = instrument_kind::counter, .name = "emails_stopped_total", .help = "Messages that a hook has stopped."};
constexpr instrument duration_seconds{.kind = instrument_kind::histogram,
                                      .name = "email_send_duration_seconds",
                                      .help = "Time from send to acceptance or failure."};

} // namespace

instruments::instruments(std::string_view transport)
    : transport_(transport),
      sent_(sent_total, {{"transport", transport}}),
      duplicates_(duplicates_total, {{"transport", transport}}),
      retried_(retried_total, {{"transport", transport}}),
      stopped_(stopped_total, {{"transport", transport}}),
      duration_(duration_seconds, {{"transport", transport}}) {}

void instruments::sent(double seconds) const {
    sent_.add();
    duration_.record(seconds);
}

void instruments::duplicate(double seconds) const {
    duplicates_.add();
    duration_.record(seconds);
}

void instruments::retried(std::size_t messages) const { retried_.add(static_cast<double>(messages)); }

void instruments::stopped() const { stopped_.add(); }

void instruments::failed(std::string_view why, double seconds) const {
    duration_.record(seconds);
    const std::scoped_lock lock(mutex_);
    auto found = failed_.find(why);
    if (found == failed_.end())
        found =
            failed_.emplace(why, telemetry::series(failed_total, {{"transport", transport_}, {"reason", why}})).first;
    found->second.add();
}

} // namespace infra::email
