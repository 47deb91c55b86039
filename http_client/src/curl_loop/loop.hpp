#pragma once

/// libcurl's multi interface turned by an Asio loop: libcurl says which sockets and which moment it waits for, Asio
/// waits, libcurl acts. No thread, no polling.

#include "handle.hpp"

#include <infra/base/awaitable.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <memory>
#include <unordered_map>

namespace infra::curl {

/// What is derived from it owns the transfers: it adds them to multi(), and removes each at its end.
///
/// Threads:  everything on the executor given, but for get_executor().
/// Lifetime: held by a shared_ptr. Handlers that wait for sockets and time hold it weakly.
class loop : public std::enable_shared_from_this<loop> {
public:
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    const executor& get_executor() const noexcept { return executor_; }

protected:
    explicit loop(executor ex);
    virtual ~loop();

    /// Null but between open() and shut().
    CURLM* multi() const noexcept { return multi_.get(); }

    void open();

    /// Again: nothing. The transfers were removed before.
    void shut() noexcept;

    /// Tells ended() of each that has.
    void collect_finished() noexcept;

private:
    struct watch;

    virtual void ended(CURL* handle, CURLcode code) noexcept = 0;

    /// A broken multi handle stays broken: what is in it is lost, and shut() is due.
    virtual void broke(std::exception_ptr why) = 0;

    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) noexcept;
    static int on_timer(CURLM*, long milliseconds, void* self) noexcept;
    bool watch_socket(curl_socket_t fd, int what);
    void forget_socket(curl_socket_t fd) noexcept;
    void wait_for(const std::shared_ptr<watch>& w);
    void set_timer(long milliseconds);
    void act(curl_socket_t fd, int events);

    const executor executor_;
    asio::steady_timer timer_;
    std::unordered_map<curl_socket_t, std::shared_ptr<watch>> watches_;
    curl::multi multi_;
};

} // namespace infra::curl
