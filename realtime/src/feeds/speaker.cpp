#include "speaker.hpp"

#include <infra/base/error.hpp>

#include <stdexcept>
#include <utility>

namespace infra::realtime::feeds {
namespace {

constexpr telemetry::instrument messages{.kind = telemetry::instrument_kind::counter,
                                         .name = "realtime_feed_messages_total",
                                         .help = "Jobs, log lines and metrics that were said on channels, or not."};

} // namespace

speaker::speaker(hub to, std::string_view what, std::string_view channel)
    : to_(std::move(to)),
      said_(messages, {{"feed", what}, {"result", "said"}}),
      lost_(messages, {{"feed", what}, {"result", "lost"}}) {
    if (!is_channel_name(channel, to_.options().limits.max_channel_name))
        throw std::invalid_argument("realtime::publish_" + std::string(what) + ": channel must be a channel's name");
}

bool speaker::say(const std::string& channel, message what, publish_options how) {
    try {
        to_.publish(channel, std::move(what), std::move(how));
        said_.add();
        return true;
    } catch (const error& e) {
        if (e.code() != infra::errc::overloaded)
            throw;
    } catch (const std::invalid_argument&) { // the channel that its owner's function has named
    }
    lost_.add();
    return false;
}

} // namespace infra::realtime::feeds
