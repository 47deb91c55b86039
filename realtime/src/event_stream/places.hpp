#pragma once

// Where a client is in each of its channels: what the ids of events say, and what comes back as Last-Event-ID.

#include <infra/realtime/message.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::event_stream {

/// What a query asks for: `channel=room:1&channel=orders:17&token=…`, the token being of the channel before it.
struct wanted_channel {
    std::string name{};
    std::string token{};
};

/// In order, without those that are named twice.
std::vector<wanted_channel> wanted_channels(std::string_view query);

/// Threads: one.
class places {
public:
    /// `last_event_id` is one that to_id() has given for the same channels; of anything else nothing is known.
    places(const std::vector<wanted_channel>& channels, std::string_view last_event_id);

    std::optional<position> of(std::string_view channel) const;
    /// Without an epoch: nothing is known any more.
    void move(std::string_view channel, position to);

    /// "epoch.offset", separated by commas, in the order of the channels. Empty when nothing is known of any.
    std::string to_id() const;

private:
    struct place {
        std::string channel{};
        position at{};
    };
    std::vector<place> all_;
};

} // namespace infra::realtime::event_stream
