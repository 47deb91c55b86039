#include "received.hpp"

#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace infra::realtime::detail {
namespace {

using telemetry::instrument;

constexpr instrument messages{.kind = telemetry::instrument_kind::counter,
                              .name = "realtime_messages_received_total",
                              .help = "Messages that clients have sent."};
constexpr instrument errors{.kind = telemetry::instrument_kind::counter,
                            .name = "realtime_errors_total",
                            .help = "Errors that clients were told."};

/// One series for each of a few names, and one for all others: whoever sends names must not make series.
template <std::size_t Size>
class by_name {
public:
    by_name(const instrument& of, std::string_view label, const std::array<std::string_view, Size>& names)
        : names_(names), other_(of, {{label, "other"}}) {
        for (std::size_t i = 0; i < Size; ++i)
            series_[i] = telemetry::series(of, {{label, names[i]}});
    }
    void add(std::string_view name) const {
        const auto found = std::ranges::find(names_, name) - names_.begin();
        (found == Size ? other_ : series_[static_cast<std::size_t>(found)]).add();
    }

private:
    const std::array<std::string_view, Size> names_;
    std::array<telemetry::series, Size> series_;
    telemetry::series other_;
};

} // namespace

void count_received(std::string_view type) {
    static const by_name<9> all(
        messages, "type",
        {"subscribe", "unsubscribe", "publish", "presence", "history", "auth", "ping", "reply", "error"});
    all.add(type);
}

void count_error(std::string_view code) {
    static const by_name<7> all(
        errors, "code",
        {"bad_message", "forbidden", "too_many_channels", "unknown_type", "not_subscribed", "unavailable", "internal"});
    all.add(code);
}

} // namespace infra::realtime::detail
