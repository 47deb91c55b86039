#pragma once

// What runs the service is told how it is: systemd's protocol, one datagram a message, without its library.

#include <infra/base/awaitable.hpp>
#include <infra/runtime/environment.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace infra::app {

/// Whoever NOTIFY_SOCKET names; nobody where it is not set.
///
/// Threads: tell() from any.
/// Errors:  the constructor throws errc::misconfigured for a name that is none. A supervisor that does not listen is no reason to fail.
class supervisor {
public:
    supervisor() = default; ///< nobody
    explicit supervisor(const environment& variables);

    /// `READY=1`, `STATUS=…`, several with line breaks between.
    void tell(std::string_view what) const noexcept;

    /// How often it wants a sign of life: half of WATCHDOG_USEC; zero: never.
    std::chrono::microseconds sign_of_life_every() const noexcept { return every_; }

    /// Gives those signs until it is cancelled: each time only if all of the default runtime's loops have answered since the last. A
    /// service that hangs is restarted, although this thread is well.
    awaitable<void> give_signs_of_life() const;

private:
    std::string address_{}; ///< of the socket; begins with NUL where it is an abstract one
    std::chrono::microseconds every_{};
};

} // namespace infra::app
