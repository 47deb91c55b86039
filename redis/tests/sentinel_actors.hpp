#pragma once

/// Sentinels and servers behind them that only claim to be some.

#include "tests/proxy.hpp"
#include "tests/trio.hpp"

#include <initializer_list>
#include <optional>
#include <string>

namespace infra::redis {

/// What a server says of itself when it is greeted behind sentinels.
inline std::string greeted_as(const std::string& role) { return hello_answer + "*1\r\n+" + role + "\r\n"; }

/// A sentinel that says that the master is there, and knows no other sentinel.
inline actor::part naming(std::uint16_t port) {
    return [port](std::size_t, const std::string& heard) -> std::optional<std::string> {
        if (heard.find("HELLO") != heard.npos)
            return hello_answer;
        const auto digits = std::to_string(port);
        return "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(digits.size()) + "\r\n" + digits + "\r\n*0\r\n";
    };
}

inline options asking(std::initializer_list<std::uint16_t> ports) {
    sentinel_options them{.master = trio::name};
    for (const auto port : ports)
        them.sentinels.push_back({.host = "127.0.0.1", .port = port});
    return {.sentinel = them};
}

} // namespace infra::redis
