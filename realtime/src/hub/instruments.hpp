#pragma once

#include <infra/base/telemetry.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace infra::realtime::detail {

/// One hub's series.
///
/// Threads: any.
class instruments {
public:
    explicit instruments(std::string_view hub);

    void client_came() const { clients_.add(1); }
    void client_left() const { clients_.add(-1); }
    void published() const { published_.add(); }
    void duplicate() const { duplicates_.add(); }
    void delivered(std::size_t frames) const { deliveries_.add(static_cast<double>(frames)); }
    void resumed(bool recovered) const { (recovered ? recovered_ : not_recovered_).add(); }
    void send_failed() const { send_failures_.add(); }
    void inbox_full(std::uint64_t messages) const { inbox_full_.add(static_cast<double>(messages)); }
    void answered(std::chrono::duration<double> after) const { answered_.record(after.count()); }
    void refused(std::chrono::duration<double> after) const { refused_.record(after.count()); }
    void unanswered(std::chrono::duration<double> after) const { unanswered_.record(after.count()); }

private:
    telemetry::series clients_;
    telemetry::series published_;
    telemetry::series duplicates_;
    telemetry::series deliveries_;
    telemetry::series recovered_;
    telemetry::series not_recovered_;
    telemetry::series send_failures_;
    telemetry::series inbox_full_;
    telemetry::series answered_;
    telemetry::series refused_;
    telemetry::series unanswered_;
};

} // namespace infra::realtime::detail
