#include "place.hpp"

namespace infra::redis::detail {

std::string to_string(const address& a) {
    if (!a.socket_path.empty())
        return a.socket_path;
    const bool bracketed = a.host.find(':') != std::string::npos;
    return (bracketed ? "[" + a.host + "]" : a.host) + ":" + std::to_string(a.port);
}

void place::check(const address&, const server_facts&) {}

void place::was_wrong(const address&) {}

void place::believe(const address&) {}

} // namespace infra::redis::detail
