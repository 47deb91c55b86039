#pragma once

/// libcurl's multi interface turned by an Asio loop: libcurl says which sockets and which moment it waits for, Asio
/// waits, libcurl acts. No thread, no polling.

#include "answer.hpp"
#include "curl.hpp"
#include "transfer.hpp"

#include <infra/http_client/client_options.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace infra::http {

/// Threads:  everything on the executor given, but for get_executor() and options().
/// Lifetime: shared by the client and by what it posts. Handlers that wait for sockets and time hold it weakly, so the
///           last of those two ends it.
class engine : public std::enable_shared_from_this<engine> {
public:
    engine(executor ex, client_options options);
    ~engine();
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    const executor& get_executor() const noexcept { return executor_; }
    const client_options& options() const noexcept { return options_; }

    /// Begins `t`, or fails it: overloaded, closed, unavailable.
    void start(std::shared_ptr<transfer> t);

    /// Nobody waits for `t` any more. Nothing happens if it has ended.
    void abandon(const std::shared_ptr<transfer>& t) noexcept;

    /// Accepts nothing more; tells `done` when all has ended, at once if it has.
    void drain(std::shared_ptr<answer<void>> done);

    /// Ends everything with errc::closed. Again: nothing.
    void close() noexcept;

private:
    struct watch;

    void open();
    void shut() noexcept;

    static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) noexcept;
    static int on_timer(CURLM*, long milliseconds, void* self) noexcept;
    bool watch_socket(curl_socket_t fd, int what);
    void forget_socket(curl_socket_t fd) noexcept;
    void wait_for(const std::shared_ptr<watch>& w);
    void set_timer(long milliseconds);

    void act(curl_socket_t fd, int events);
    void collect_finished() noexcept;
    void fail_all(std::exception_ptr why) noexcept;
    void end_if_drained() noexcept;

    const executor executor_;
    const client_options options_;
    asio::steady_timer timer_;
    std::unordered_map<curl_socket_t, std::shared_ptr<watch>> watches_;
    std::unordered_map<CURL*, std::shared_ptr<transfer>> transfers_;
    std::vector<std::shared_ptr<answer<void>>> waiting_for_the_end_;
    curl::multi multi_;
    bool draining_ = false;
};

} // namespace infra::http
