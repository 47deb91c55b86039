#pragma once

/// A port that is free, and stays so for a server that will listen on it.
///
///     const free_port kept;
///     http::server(routes, {.port = kept.number()}).listen();
///
/// The socket is bound and listens on nothing, so that whoever connects is refused; a server that sets SO_REUSEADDR may take the port,
/// on any address of this machine, and what has no such option is never given it.

#include <infra/runtime/descriptor.hpp>

#include <cstdint>

namespace infra::app {

/// Threads: as an int.
/// Errors:  errc::unavailable where there is none.
class free_port {
public:
    free_port();
    std::uint16_t number() const noexcept { return number_; }

private:
    descriptor socket_;
    std::uint16_t number_ = 0;
};

} // namespace infra::app
