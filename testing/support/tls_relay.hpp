#pragma once

/// TLS before a server of a test that speaks in the clear. Tests that need it compile tls_relay.cpp.
///
///     const infra::testing::test_authority authority;
///     stub::server s3;
///     infra::testing::tls_relay secured(s3.port(), authority.issue());        // https://127.0.0.1:PORT

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace infra::testing {

/// How a connection ends that the server closed. What the server resets is reset.
enum class tls_end {
    told, ///< by a close_notify, as it should be
    cut,  ///< by the end of TCP alone, as by a server that dies
};

/// On a thread of its own.
///
/// Threads: any member from any thread.
class tls_relay {
public:
    /// `to` is a port of loopback, `certificate` a PEM file that has its key too.
    tls_relay(std::uint16_t to, const std::string& certificate, tls_end end = tls_end::told);
    ~tls_relay();
    tls_relay(const tls_relay&) = delete;
    tls_relay& operator=(const tls_relay&) = delete;

    std::uint16_t port() const noexcept;
    std::size_t accepted() const noexcept; ///< connections
    std::size_t secured() const noexcept;  ///< of them, those whose handshake was done

    /// So many of the connections to come are reset in the middle of their handshakes.
    void break_handshakes(int count) noexcept;

private:
    struct state;
    class joint;
    std::unique_ptr<state> state_;
};

} // namespace infra::testing
