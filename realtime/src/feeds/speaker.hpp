#pragma once

#include <infra/base/telemetry.hpp>
#include <infra/base/time.hpp>
#include <infra/realtime/hub.hpp>

#include <string>
#include <string_view>

namespace infra::realtime::feeds {

/// As JSON has it.
inline std::string text_of(wall_time t) {
    const auto digits = format_rfc3339(t);
    return {digits.data(), digits.size()};
}

/// Says on a hub's channels what a feed has, and counts. What a hub does not take is lost, and no feed ends for it.
///
/// Threads: one.
class speaker {
public:
    /// std::invalid_argument, naming `what`, for a channel that is none.
    speaker(hub to, std::string_view what, std::string_view channel);

    /// False if the hub has as many channels as it takes, or `channel` is none.
    bool say(const std::string& channel, message what, publish_options how = {});

    bool has_broker() const noexcept { return to_.options().broker != nullptr; }

private:
    hub to_;
    const telemetry::series said_, lost_;
};

} // namespace infra::realtime::feeds
