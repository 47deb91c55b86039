#include "free_port.hpp"

#include <infra/base/error.hpp>

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

namespace infra::app {
namespace {

bool allow(int socket, int level, int name, int value) {
    return ::setsockopt(socket, level, name, &value, sizeof value) == 0;
}

// Of both families at once, where the system has both.
descriptor open_socket(sa_family_t& family) {
    family = AF_INET6;
    descriptor made(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (made && allow(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0))
        return made;
    family = AF_INET;
    return descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

std::uint16_t bound(int socket, sa_family_t family) {
    sockaddr_in6 at{}; // all zero is any address and any port, in both families
    at.sin6_family = family;
    auto* const address = reinterpret_cast<sockaddr*>(&at); // NOLINT: as the system has it
    socklen_t size = sizeof at;
    if (!allow(socket, SOL_SOCKET, SO_REUSEADDR, 1) || ::bind(socket, address, size) != 0 ||
        ::getsockname(socket, address, &size) != 0)
        return 0;
    return ntohs(at.sin6_port); // where an IPv4 address has it, too
}

} // namespace

free_port::free_port() {
    sa_family_t family{};
    socket_ = open_socket(family);
    number_ = socket_ ? bound(socket_.get(), family) : 0;
    if (number_ == 0)
        throw error(errc::unavailable, "no free port to listen on: " + std::generic_category().message(errno));
}

} // namespace infra::app
