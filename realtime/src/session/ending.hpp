#pragma once

#include "../expiries.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <memory>
#include <string>
#include <utility>

namespace infra::realtime::detail {

class conversation;

/// The end of something in a conversation. Constant, so that it may be told on any thread; the conversation hears of it on its own loop.
class ending final : public expiring, public std::enable_shared_from_this<ending> {
public:
    enum class kind : std::uint8_t {
        proof, ///< of who it is, in time
        token, ///< its last second; a new one is asked for
        grace, ///< to send the new one
        name,  ///< a channel's, which was opened by a token of its own
    };

    ending(std::weak_ptr<conversation> of, const executor& on, kind what, steady_time when, std::string channel = {})
        : what(what), when(when), channel(std::move(channel)), of_(std::move(of)), on_(on), gate_(loop_gate::of(on)) {}

    void time_is_up() noexcept override;

    const kind what;
    const steady_time when;
    const std::string channel; ///< of kind::name

private:
    const std::weak_ptr<conversation> of_;
    const executor on_;
    const std::shared_ptr<loop_gate> gate_;
};

} // namespace infra::realtime::detail
