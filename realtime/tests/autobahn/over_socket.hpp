#pragma once

#include "play.hpp"

#include <cstdint>
#include <memory>

namespace infra::realtime::websocket::autobahn {

/// The WebSocket server as it is, on a loop of its own, but that messages come back instead of going to the hub.
class echo_service {
public:
    echo_service();
    ~echo_service();

    /// Throws std::runtime_error where the handshake is not what it should be.
    std::unique_ptr<link> connect(const std::string& offer) const;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace infra::realtime::websocket::autobahn
