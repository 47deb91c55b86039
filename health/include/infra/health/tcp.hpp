#pragma once

/// Does a server accept connections?

#include <infra/base/awaitable.hpp>
#include <infra/health/report.hpp>

#include <cstdint>
#include <string>

namespace infra::health {

struct tcp_check_options {
    std::string host{};     ///< name or address
    std::uint16_t port = 0; ///< 1 to 65535
};

/// A ready-made check: resolves the name, connects to one address after the other until one accepts, and hangs up. That
/// the server also works is for a check that speaks its language.
///
///     register_health_check("database", tcp_check({.host = "db.internal", .port = 5432}), {.timeout = 2s});
///
/// Threads:  any, at once.
/// Errors:   the constructor throws std::invalid_argument naming the option.
/// Cancel:   terminal, except while a resolver of the system's is at work: the check is then reported as stuck.
class tcp_check {
public:
    explicit tcp_check(tcp_check_options options);
    awaitable<check_result> operator()() const;

private:
    tcp_check_options options_;
};

} // namespace infra::health
