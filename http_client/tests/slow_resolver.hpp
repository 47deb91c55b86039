#pragma once

#include <string_view>

namespace infra::http {

/// While one lives, resolving `name` takes for ever. The program's own getaddrinfo() stands before the C library's.
class slow_resolver {
public:
    static constexpr std::string_view name = "slow-resolver.test";

    /// How many wait.
    static int waiting();

    slow_resolver();
    ~slow_resolver(); ///< lets those that wait go, without an address
    slow_resolver(const slow_resolver&) = delete;
    slow_resolver& operator=(const slow_resolver&) = delete;
};

} // namespace infra::http
