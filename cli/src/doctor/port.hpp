#pragma once

/// HOST and PORT: can a service listen there, and who does if not.

#include "check.hpp"

#include <cstdint>
#include <set>

#include <sys/types.h>

namespace infra::cli::doctor {

/// The sockets that listen on a port, by inode, of what /proc/net/tcp or tcp6 says.
std::set<std::uint64_t> listening_inodes(std::string_view proc_net_tcp, std::uint16_t port);

struct process {
    pid_t id = 0;
    std::string name{};
    friend bool operator==(const process&, const process&) = default;
};

/// Who holds one of these sockets, as far as /proc/PID/fd can be read.
std::vector<process> holders_of(const std::set<std::uint64_t>& inodes);

struct port_facts {
    std::string host{};
    std::uint16_t port = 0;
    std::string no_address{};       ///< why HOST is none
    int refused = 0;                ///< errno of bind() and listen(); 0: they succeeded
    std::vector<process> holders{}; ///< where the address is in use
    bool answers = false;           ///< /health of who listens there says what a service of infra says
};

findings judge_port(const port_facts& facts);

awaitable<findings> look_at_port(situation at);

} // namespace infra::cli::doctor
