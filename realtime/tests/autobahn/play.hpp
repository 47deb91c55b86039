#pragma once

#include "trial.hpp"

#include <memory>
#include <optional>

namespace infra::realtime::websocket::autobahn {

/// A connection to a server that echoes.
class link {
public:
    virtual ~link() = default;
    /// False once the server takes no more.
    virtual bool send(std::string_view bytes) = 0;
    /// What has come, at least a byte; empty when the server has hung up, or never will say more.
    virtual std::string receive() = 0;
};

struct outcome {
    std::vector<std::string> heard{};
    std::optional<unsigned> end{}; ///< the code of the server's close frame
    bool hung_up = false;          ///< after it

    bool operator==(const outcome&) const = default;
};

outcome play(const script& s, link& with);

/// As the suite would say it: "pass", "informational", or what was wrong.
std::string verdict(const trial& t, const script& s, const outcome& got);

/// The frame that a server echoes with.
std::string echo_of(opcode what, std::string_view message, bool deflated);

/// All that a server does with the reader and the writers, and nothing else.
std::unique_ptr<link> in_memory(const std::string& offer);

} // namespace infra::realtime::websocket::autobahn
