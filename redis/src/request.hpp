#pragma once

// One batch on its way. It lives with whoever waits for it, who says forget() to the multiplexer before it goes.

#include <infra/base/time.hpp>
#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace infra::redis::detail {

struct request : boost::intrusive::list_base_hook<> {
    enum class state : std::uint8_t {
        idle,
        waiting,
        in_flight,
        refused, ///< answered, and perhaps to be sent again
        finished
    };

    // What its owner says.
    std::span<const command> commands{};
    std::span<reply> replies{}; ///< where they go; one for each command
    bool atomic = false;        ///< MULTI … EXEC: nothing of it happens before all of it has arrived
    bool anywhere = false;      ///< any server will do: nobody waits for this one to be there
    deadline limit{};

    // What becomes of it.
    state now = state::idle;
    bool sent = false;                   ///< it may have reached the server
    bool refused = false;                ///< one of its replies says that the server takes it as little as any other
    std::uint8_t replays = 0;            ///< how often it was sent again
    std::uint32_t answered = 0;          ///< replies that are there
    std::uint64_t place = 0;             ///< in flight: its number among all that ever were
    boost::system::error_code failure{}; ///< finished: why, unless all replies are there

    bool is_under_way() const noexcept { return now != state::idle && now != state::finished; }
    std::span<const command> unanswered() const noexcept { return commands.subspan(answered); }
};

inline std::size_t encoded_size(std::span<const command> commands) noexcept {
    std::size_t size = 0;
    for (const auto& each : commands)
        size += each.encoded_size();
    return size;
}

using request_list = boost::intrusive::list<request>;

} // namespace infra::redis::detail
